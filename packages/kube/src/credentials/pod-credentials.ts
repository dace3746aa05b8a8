import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Credentials } from './credentials.ts';

/** kubelet replaces a token when a fifth of its life, at least ten minutes, is left (KEP-1205); Kubernetes' own clients re-read each minute. */
const REREAD_MS = 60_000;
/** A token that was refused is read again sooner, and yet not for each request while no other one comes. */
const REREAD_REFUSED_MS = 1_000;

interface ServiceAccount {
  readonly readAtMs: number;
  readonly token: string;
  readonly ca: string;
  readonly isRefused: boolean;
}

/**
 * The service account that kubelet mounts into a pod: `token` and `ca.crt` in one directory. Read by ourselves, because
 * the client library's loader costs a third of an agent's start-up time in what else it imports.
 * Unavailable when the files cannot be read; the next request tries again.
 */
export const podCredentials = (directory: string, server: string, clock: Clock): Credentials => {
  let last: ServiceAccount | undefined;

  const current = async () => {
    const keepMs = last?.isRefused ? REREAD_REFUSED_MS : REREAD_MS;
    if (last === undefined || clock.monotonicMs() - last.readAtMs >= keepMs) {
      const [token, ca] = await Promise.all([read(join(directory, 'token')), read(join(directory, 'ca.crt'))]);
      last = { readAtMs: clock.monotonicMs(), token: token.trim(), ca, isRefused: false };
    }
    return last;
  };

  return {
    server,
    options: async () => {
      const { token, ca } = await current();
      return { ca, headers: { authorization: `Bearer ${token}` } };
    },
    refused: () => {
      if (last !== undefined) last = { ...last, isRefused: true };
    },
  };
};

const read = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('Unavailable', `cannot read the pod's service account: ${(cause as Error).message}`, { cause });
  }
};
