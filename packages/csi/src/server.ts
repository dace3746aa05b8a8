import { once } from 'node:events';
import { chmod, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { AppError, toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { toServiceError } from './status.ts';

/** Methods of a service by their camelCase names; each gets the request and a signal that fires when the caller is gone. */
// biome-ignore lint/suspicious/noExplicitAny: each handler knows its own request; the wire checks the type
export type Handlers = Readonly<Record<string, (request: any, signal: AbortSignal) => Promise<object>>>;

export interface SocketServerOptions {
  readonly path: string;
  readonly services: readonly { readonly definition: ServiceDefinition; readonly handlers: Handlers }[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every finished call. */
  readonly onCall?: (call: { method: string; code: string; seconds: number }) => void;
}

export interface SocketServer {
  /** Lets calls under way finish, but not for longer than a few seconds. */
  close(): Promise<void>;
}

/** sizeof(sun_path) is 108 with the closing zero; longer paths would be cut silently. */
const LONGEST_PATH = 107;
const GRACE_MS = 5_000;

/**
 * Serves gRPC on a unix socket that only our own user, and root, can open. A file left over by a killed process is replaced; a socket that
 * somebody answers on is FailedPrecondition.
 */
export const startSocketServer = async (options: SocketServerOptions): Promise<SocketServer> => {
  const { path, services } = options;
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new AppError(
      'InvalidArgument',
      `the socket path ${path} is longer than ${LONGEST_PATH} bytes; choose a shorter one`,
    );
  }
  await removeStale(path);
  const server = new Server();
  for (const { definition, handlers } of services) server.addService(definition, adapt(handlers, options));
  await bind(server, path);
  return { close: () => close(server, options.clock) };
};

const bind = async (server: Server, path: string): Promise<void> => {
  const before = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix://${path}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(new AppError('Internal', `can't listen on ${path}: ${error.message}`)),
      );
    });
  } finally {
    process.umask(before);
  }
  await chmod(path, 0o600);
};

const removeStale = async (path: string): Promise<void> => {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) throw new AppError('FailedPrecondition', `${path} exists and is not a socket; remove it`);
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return rm(path, { force: true });
  } finally {
    socket.destroy();
  }
  throw new AppError('FailedPrecondition', `another process already serves ${path}`);
};

/** A peer that connected and never spoke keeps a graceful shutdown waiting for ever, so it races with time. */
const close = (server: Server, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(GRACE_MS, () => {
      server.forceShutdown();
      resolve();
    });
    server.tryShutdown(() => {
      cancel();
      resolve();
    });
  });

const adapt = (handlers: Handlers, options: SocketServerOptions): UntypedServiceImplementation =>
  Object.fromEntries(Object.entries(handlers).map(([method, handler]) => [method, unary(method, handler, options)]));

const unary =
  (method: string, handler: Handlers[string], options: SocketServerOptions): handleUnaryCall<unknown, object> =>
  async (call, callback) => {
    const { clock, logger, onCall } = options;
    const caller = new AbortController();
    call.on('cancelled', () => caller.abort(new AppError('Aborted', `the caller gave up on ${method}`)));
    const from = clock.monotonicMs();
    const tell = (code: string) => {
      const seconds = (clock.monotonicMs() - from) / 1000;
      onCall?.({ method, code, seconds });
      // Of the request only what can hold no secret.
      const { name, volumeId, targetPath, stagingTargetPath } = call.request as Record<string, string | undefined>;
      return { method, code, seconds, name, volumeId, targetPath, stagingTargetPath };
    };
    try {
      const response = await handler(call.request, caller.signal);
      const fields = tell('OK');
      if ((fields.volumeId ?? fields.name) === undefined) logger.debug(fields, 'call served');
      else logger.info(fields, 'call served');
      callback(null, response);
    } catch (thrown) {
      const err = toAppError(thrown);
      logger.warn({ ...tell(err.code), err }, 'call failed');
      callback(toServiceError(err));
    }
  };
