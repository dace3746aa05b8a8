import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { digestOfTag, mediaTypes } from './oci-layout.ts';

/**
 * A read-only registry (OCI distribution specification 1.1, "pull") over a directory that holds an OCI layout for each repository.
 * It keeps no state: an image pushed into a layout can be pulled at once. The server is not yet listening.
 */
export function createRegistry(root: string): Server {
  return createServer((request, response) => {
    answer(root, request, response).catch((error: unknown) => {
      if (!response.headersSent) sendError(response, 500, 'UNKNOWN', String(error));
      else response.destroy();
    });
  });
}

const route = /^\/v2\/([a-z0-9]+(?:[._/-][a-z0-9]+)*)\/(manifests|blobs)\/([\w.:-]+)$/;
const digestPattern = /^sha256:([a-f0-9]{64})$/;

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://registry').pathname;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendError(response, 405, 'UNSUPPORTED', 'this registry is read-only');
  }
  if (path === '/v2/' || path === '/v2')
    return sendContent(response, request, { type: 'application/json', body: '{}' });
  const [, repository, kind, reference] = route.exec(path) ?? [];
  if (repository === undefined || reference === undefined) {
    return sendError(response, 404, 'NAME_UNKNOWN', `${path} is not a path of this registry`);
  }
  const layout = join(root, repository);
  if (kind === 'blobs') return await sendBlob(layout, reference, request, response);
  return await sendManifest(layout, reference, request, response);
}

async function sendManifest(
  layout: string,
  reference: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const digest = digestPattern.test(reference) ? reference : await digestOfTag(layout, reference);
  const file = digest === undefined ? undefined : blobFile(layout, digest);
  const body = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
  if (body === undefined) return sendError(response, 404, 'MANIFEST_UNKNOWN', `there is no manifest ${reference}`);
  // The field is optional in OCI manifests, but a registry must name the type.
  const { mediaType } = JSON.parse(body) as { mediaType?: string };
  sendContent(response, request, { type: mediaType ?? mediaTypes.manifest, body });
}

async function sendBlob(
  layout: string,
  reference: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = blobFile(layout, reference);
  const size =
    file === undefined
      ? undefined
      : await stat(file).then(
          ({ size }) => size,
          () => undefined,
        );
  if (file === undefined || size === undefined) {
    return sendError(response, 404, 'BLOB_UNKNOWN', `there is no blob ${reference}`);
  }
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': size,
    'docker-content-digest': reference,
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

function blobFile(layout: string, digest: string): string | undefined {
  const hex = digestPattern.exec(digest)?.[1];
  return hex === undefined ? undefined : join(layout, 'blobs', 'sha256', hex);
}

function sendContent(
  response: ServerResponse,
  request: IncomingMessage,
  { type, body }: { type: string; body: string },
): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'docker-content-digest': `sha256:${createHash('sha256').update(body).digest('hex')}`,
    'docker-distribution-api-version': 'registry/2.0',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}
