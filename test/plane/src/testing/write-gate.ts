import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { kubeconfig } from '@berth/bed/kubeconfig';
import { kubeconfigCredentials } from '@berth/kube/credentials/kubeconfig-credentials';
import type { Plane } from '../plane.ts';
import { serveBeside } from './serve-beside.ts';

/** Stands between the controller and the API server. */
export interface WriteGate {
  /** Path of a kubeconfig that leads through the gate, with the controller's rights. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/**
 * Everything goes through. Of each write that the API server has carried out the test is told, such as
 * `POST persistentvolumes`, before the controller gets the answer; it gets none when the test says `silence`.
 */
export const openWriteGate = async (
  plane: Plane,
  onWrite: (write: string) => 'answer' | 'silence',
): Promise<WriteGate> => {
  const credentials = kubeconfigCredentials(plane.bed.kubeconfig);
  const { ca } = await credentials.options();

  const forward = ({ method = 'GET', url = '/', headers }: IncomingMessage) =>
    request(new URL(url, credentials.server), { method, headers, ca });

  const served = await serveBeside(plane, (incoming, outgoing) => {
    const forwarded = forward(incoming);
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    forwarded.on('response', (answer) => {
      const write = writeOf(incoming);
      if (write !== undefined && isDone(answer) && onWrite(write) === 'silence') outgoing.destroy();
      else pass(answer, outgoing);
    });
    incoming.pipe(forwarded);
  });

  const token = await plane.bed.kubectl(['create', 'token', 'berth-controller', '-n', 'berth-system']);
  const file = join(plane.berth.runDir, 'write-gate.kubeconfig');
  const { url: server, ca: authority } = served;
  await writeFile(file, kubeconfig({ server, ca: authority, user: { token: token.trim() } }), { mode: 0o600 });
  return { kubeconfig: file, close: served.close };
};

const pass = (answer: IncomingMessage, outgoing: ServerResponse): void => {
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(outgoing);
};

const isDone = ({ statusCode = 500 }: IncomingMessage): boolean => statusCode < 300;

/** Undefined for what changes nothing about volumes: reading, events, and the Lease. */
const writeOf = ({ method, url = '' }: IncomingMessage): string | undefined => {
  const { pathname } = new URL(url, 'https://gate');
  const what = /\/(?:api|apis\/[^/]+)\/v[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/[^/]+)?(\/[^/]+)?$/.exec(pathname);
  const [, plural = pathname, subresource = ''] = what ?? [];
  return method === 'GET' || ['events', 'leases'].includes(plural) ? undefined : `${method} ${plural}${subresource}`;
};
