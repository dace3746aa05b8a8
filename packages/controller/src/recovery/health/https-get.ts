import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { AppError } from '@berth/contract/errors';
import type { HealthAnswer } from './judge-health.ts';

export interface Authority {
  /** PEM; undefined trusts what the system trusts. */
  readonly ca?: string | undefined;
  /** Value of the header Authorization. */
  readonly authorization?: string | undefined;
}

/** Far more than any health report has. */
const LONGEST_BODY = 64 * 1024;

/** Asks over TLS and follows no redirects. Unavailable when there is no whole answer, or the signal fires first. */
export const httpsGet = (url: URL, { ca, authorization }: Authority, signal: AbortSignal): Promise<HealthAnswer> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const why = signal.aborted ? (signal.reason as Error).message : cause.message;
      reject(new AppError('Unavailable', why, { cause }));
    };
    const headers = { accept: 'application/json', 'user-agent': 'berth', ...(authorization && { authorization }) };
    const request = https.request(url, { headers, signal, agent: false, ...(ca && { ca }) });
    request.on('error', fail);
    request.on('response', (response) => readBody(response).then(resolve, fail));
    request.end();
  });

const readBody = async (response: IncomingMessage): Promise<HealthAnswer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error(`the answer is longer than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return { statusCode: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
};
