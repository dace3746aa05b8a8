import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@berth/bed/forwarding';
import { run } from '@berth/bed/process/spawn';
import type { Plane } from '../plane.ts';

/** An application that is asked over HTTPS how it is. */
export interface HttpsAnswer {
  /** As the controller reaches it. */
  readonly url: string;
  /** The authority of its certificate, as PEM. */
  readonly ca: string;
  /** What it answers from now on, as JSON. */
  say(answer: object): void;
  close(): Promise<void>;
}

/** Serves beside the control plane: the test is on the host, the controller in the bed's namespace, and a socket leads from one to the other. */
export const serveAnswer = async ({ bed, berth }: Plane, first: object): Promise<HttpsAnswer> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-answer-'));
  await run(join(berth.repository, 'scripts/extender-certificate'), [directory, '127.0.0.1']);
  const file = (name: string) => readFile(join(directory, name), 'utf8');
  let answer = first;
  const keys = { cert: await file('tls.crt'), key: await file('tls.key') };
  const server = createServer(keys, (_, response) => response.end(JSON.stringify(answer)));
  const socket = join(directory, 'answer.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const address = `127.0.0.1:${await freePort()}`;
  const forward = fileURLToPath(import.meta.resolve('@berth/bed/process/forward'));
  const forwarding = await bed.startBeside({
    name: `answer-${address.split(':')[1]}`,
    file: process.execPath,
    args: [forward, socket, address],
  });
  return {
    url: `https://${address}/_cluster/health`,
    ca: await file('ca.crt'),
    say: (next) => {
      answer = next;
    },
    close: async () => {
      await forwarding.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
};
