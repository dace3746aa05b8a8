import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { AppError } from '@berth/contract/errors';
import type { Credentials } from './credentials/credentials.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query below the server's address. */
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  /** Longest silence on the connection, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to the API server named by a kubeconfig, over connections that are kept and shared. */
export interface Transport {
  /** Resolves with the response's head, whatever its status. Unavailable when there is no answer, Aborted on the signal. */
  send(request: ApiRequest): Promise<IncomingMessage>;
}

/** All requests share one agent that keeps connections; the client library opens a new TLS connection for every call (2.0.1). */
export const createTransport = (credentials: Credentials): Transport => {
  const agent = new https.Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets: 64 });
  return {
    send: async (request) => {
      const options = { ...(await credentials.options()), agent };
      const response = await exchange(new URL(credentials.server + request.path), request, options);
      if (response.statusCode === 401) credentials.refused?.();
      return response;
    },
  };
};

const exchange = (url: URL, request: ApiRequest, credentials: https.RequestOptions): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const body = request.body && JSON.stringify(request.body);
    const sent = https.request(url, {
      ...credentials,
      method: request.method,
      headers: {
        ...credentials.headers,
        accept: 'application/json',
        'user-agent': 'berth',
        ...(body !== undefined && {
          'content-type': request.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
      timeout: request.idleTimeoutMs,
      ...(request.signal && { signal: request.signal }),
    });
    sent.on('timeout', () => sent.destroy(new Error(`silent for ${request.idleTimeoutMs} ms`)));
    sent.on('error', (cause) => reject(connectionError(cause, url, request.signal)));
    sent.on('response', resolve);
    sent.end(body);
  });

const connectionError = (cause: Error, url: URL, signal: AbortSignal | undefined): AppError =>
  signal?.aborted
    ? new AppError('Aborted', 'the request to the API server was cancelled', { cause })
    : new AppError('Unavailable', `no answer from the API server at ${url.host}: ${cause.message}`, { cause });
