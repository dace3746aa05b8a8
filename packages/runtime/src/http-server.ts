import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
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
}

/** Answers a request. The signal fires when the caller has gone. */
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
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  const answer = await handle(options, request, controller.signal);
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
};

const handle = async (
  options: HttpServerOptions,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<HttpResponse> => {
  try {
    const body = await readBody(request, options.maxBodyBytes);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    return await options.handler({ method: request.method ?? 'GET', path, headers: request.headers, body }, signal);
  } catch (thrown) {
    const error = toAppError(thrown);
    options.logger.warn({ err: error, path: request.url }, 'request failed');
    return { status: error.code === 'InvalidArgument' ? 400 : 500, body: error.message };
  }
};

const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new AppError('InvalidArgument', `the body is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
};
