import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHttpServer } from './http-server.ts';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { makeCertificate } from './testing/certificate.ts';

let directory: string;
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-tls-'));
  for (const name of ['old', 'new']) await makeCertificate(directory, { name });
});

afterAll(() => rm(directory, { recursive: true }));

const mount = async (name: string) => {
  for (const kind of ['crt', 'key']) await copyFile(file(`${name}.${kind}`), file(`tls.${kind}`));
};

/** The common name of the certificate that a new connection is shown. */
const shownBy = (port: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });

it('shows a renewed certificate within a minute, and keeps the old one while the new one cannot be read', async () => {
  await mount('old');
  const clock = createManualClock();
  const server = await startHttpServer({
    handler: () => ({ status: 200, body: '' }),
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 0,
    tls: { certFile: file('tls.crt'), keyFile: file('tls.key'), clock },
    logger: silentLogger,
  });
  try {
    expect(await shownBy(server.port)).toBe('old');
    await writeFile(file('tls.crt'), (await readFile(file('new.crt'))).subarray(0, 100));
    await clock.advance(60_000);
    expect(await shownBy(server.port)).toBe('old');
    await mount('new');
    await clock.advance(60_000);
    expect(await shownBy(server.port)).toBe('new');
  } finally {
    await server.close();
  }
});
