import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@berth/bed/forwarding';
import { run } from '@berth/bed/process/spawn';
import type { Plane } from '../plane.ts';

/** An HTTPS server of the test's as processes beside the control plane reach it. */
export interface ServedBeside {
  readonly url: string;
  /** The authority of its certificate, as PEM. */
  readonly ca: string;
  close(): Promise<void>;
}

/** The test is on the host, the controller in the bed's namespace, and a socket leads from one to the other. */
export const serveBeside = async ({ bed, berth }: Plane, listener: RequestListener): Promise<ServedBeside> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-beside-'));
  await run(join(berth.repository, 'scripts/extender-certificate'), [directory, '127.0.0.1']);
  const file = (name: string) => readFile(join(directory, name), 'utf8');
  const server = createServer({ cert: await file('tls.crt'), key: await file('tls.key') }, listener);
  const socket = join(directory, 'test.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const address = `127.0.0.1:${await freePort()}`;
  const forward = fileURLToPath(import.meta.resolve('@berth/bed/process/forward'));
  const forwarding = await bed.startBeside({
    name: `beside-${address.split(':')[1]}`,
    file: process.execPath,
    args: [forward, socket, address],
  });
  return {
    url: `https://${address}`,
    ca: await file('ca.crt'),
    close: async () => {
      await forwarding.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
};
