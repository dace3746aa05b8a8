import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toAppError } from '@berth/contract/errors';
import { type SocketServer, type SocketServerOptions, startSocketServer } from '@berth/csi/server';

export interface KeptServer {
  /** Closes the socket and makes it anew, as if the process had started again. Returns at once; repeats are joined. */
  reopen(): void;
  close(): Promise<void>;
}

const CHECK_MS = 10_000;

/**
 * Serves a socket, and opens it again when its file is not the one that was made: whoever clears the directory leaves a server that
 * nobody finds. What fails is logged and tried again with the next check, but for the first time.
 */
export const startKeptServer = async (options: SocketServerOptions): Promise<KeptServer> => {
  const { path, clock, logger } = options;
  let server: SocketServer | undefined;
  let mark: string | undefined;
  let isWanted = true;
  let isOutdated = false;

  const open = async () => {
    await mkdir(dirname(path), { recursive: true });
    server = await startSocketServer(options);
    mark = await markOf(path);
  };

  const closeServer = async () => {
    const old = server;
    server = undefined;
    await old?.close();
  };

  const check = async () => {
    if (!isWanted) return;
    const isOurs = server !== undefined && (await markOf(path)) === mark;
    if (isOurs && !isOutdated) return;
    isOutdated = false;
    if (!isOurs) logger.warn({ path }, 'the socket is gone and opened again');
    // Before, not after: closing removes whatever has the name.
    await closeServer();
    await open();
  };

  let working: Promise<void> = open();
  const runCheck = () => {
    working = working.then(check).catch((thrown: unknown) => {
      logger.error({ path, err: toAppError(thrown) }, 'the socket can not be opened');
    });
  };
  let cancel = () => {};
  const schedule = () => {
    cancel = clock.after(CHECK_MS, () => {
      runCheck();
      schedule();
    });
  };

  await working;
  schedule();
  return {
    reopen: () => {
      isOutdated = true;
      runCheck();
    },
    close: async () => {
      isWanted = false;
      cancel();
      await working;
      await closeServer();
    },
  };
};

/** Tells a file from another of the same name; an inode number alone may be given again. */
const markOf = async (path: string): Promise<string | undefined> => {
  const file = await stat(path, { bigint: true }).catch(() => undefined);
  return file && `${file.ino} ${file.birthtimeNs}`;
};
