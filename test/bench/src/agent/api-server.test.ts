import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient } from '@berth/kube/rest-client';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { describeKubeClient } from '@berth/kube/testing/kube-client-behaviour';
import { makeCertificate } from '@berth/runtime/testing/certificate';
import { afterAll, beforeAll } from 'vitest';
import { startApiServer } from './api-server.ts';

let directory: string;
let api: Awaited<ReturnType<typeof startApiServer>>;
let ca: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-api-'));
  const files = await makeCertificate(directory, { altNames: ['IP:127.0.0.1'] });
  ca = await readFile(files.cert, 'utf8');
  api = await startApiServer(createFakeKubeClient(), files);
});

afterAll(async () => {
  api.stop();
  await rm(directory, { recursive: true });
});

describeKubeClient('over HTTPS, before the played API server', async () =>
  createKubeClient({ server: `https://127.0.0.1:${api.port}`, options: async () => ({ ca }) }),
);
