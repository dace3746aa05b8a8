import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError, toAppError } from '@berth/contract/errors';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: string | Buffer;
  readonly contentType?: string;
  /** Ends the connection after this answer, so that the caller's next one may lead to another replica. */
  readonly lastOfConnection?: boolean;
}

/** Answers a request. The signal fires when the caller has gone, or when the time for the answer is over. */
export type HttpHandler = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse> | HttpResponse;

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clock: Clock;
}

export interface HttpServerOptions {
  readonly handler: HttpHandler;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Files in PEM format; read again every minute, so that a renewed certificate needs no restart. */
  readonly tls?: TlsFiles;
  /** How long an answer may take from the request's first line on; later it is 503. Without it there is no limit. */
  readonly deadline?: { readonly ms: number; readonly clock: Clock };
  readonly logger: Logger;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

const CERTIFICATE_REFRESH_MS = 60_000;

/** Listens; resolves when it does. A handler that throws answers 500 with the sentence of the error. */
export const startHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(options, request, response);
  const server = options.tls ? secureServer(options.tls, options.logger, listener) : http.createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
};

const secureServer = ({ clock, ...files }: TlsFiles, logger: Logger, listener: http.RequestListener) => {
  const read = () => ({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) });
  const server = https.createServer(read(), listener);
  const refresh = () => {
    try {
      server.setSecureContext(read());
    } catch (err) {
      logger.error({ err, ...files }, 'cannot read the renewed certificate, keeping the old one');
    }
    cancel = clock.after(CERTIFICATE_REFRESH_MS, refresh);
  };
  let cancel = clock.after(CERTIFICATE_REFRESH_MS, refresh);
  server.on('close', () => cancel());
  return server;
};

const serve = async (options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const gone = new AbortController();
  const stop = (sentence: string) => gone.abort(new AppError('Timeout', sentence));
  response.on('close', () => stop('the caller has gone'));
  const { ms, clock } = options.deadline ?? {};
  const cancel =
    ms === undefined ? undefined : clock?.after(ms, () => stop(`no answer could be given within ${ms} ms`));
  const answer = await handle(options, request, gone.signal);
  cancel?.();
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(answer.body),
    ...(answer.lastOfConnection && { connection: 'close' }),
  });
  response.end(answer.body);
};

const handle = async (
  options: HttpServerOptions,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<HttpResponse> => {
  try {
    const body = await readBody(request, options.maxBodyBytes, signal);
    // One turn of the event loop: after a busy while, callers that have given up are noticed, and our own deadlines.
    if (options.deadline) await nextTurn();
    signal.throwIfAborted();
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    return await options.handler({ method: request.method ?? 'GET', path, headers: request.headers, body }, signal);
  } catch (thrown) {
    const error = toAppError(thrown);
    options.logger.warn({ err: error, path: request.url }, 'request failed');
    // The rest of a body that was not read would be taken for the next request.
    return { status: statusOf(error), body: error.message, lastOfConnection: !request.complete };
  }
};

const statusOf = ({ code }: AppError): number => (code === 'InvalidArgument' ? 400 : code === 'Timeout' ? 503 : 500);

const readBody = (request: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (error: unknown) => {
      // Destroying the request would take the answer's connection with it.
      request.pause().removeAllListeners('data');
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) refuse(new AppError('InvalidArgument', `the body is larger than ${maxBytes} bytes`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('error', refuse);
    signal.addEventListener('abort', () => refuse(signal.reason), { once: true });
  });
