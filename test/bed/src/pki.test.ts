import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createJoinMaterial, joinFiles } from './control-plane/join-material.ts';
import { openPki, type Pki } from './pki.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

async function newPki(): Promise<Pki> {
  return openPki(await temporaryDirectory());
}

test('a client certificate carries user and group, is signed by the authority and outlives cached snapshots', async () => {
  const pki = await newPki();
  const { certificate } = await pki.issue('admin', { commonName: 'admin', organization: 'system:masters' });
  const [parsed, authority] = [new X509Certificate(certificate), new X509Certificate(pki.ca)];
  expect(parsed.subject).toBe('O=system:masters\nCN=admin');
  expect(parsed.verify(authority.publicKey)).toBe(true);
  expect(parsed.ca).toBe(false);
  expect(authority.ca).toBe(true);
  expect(Date.parse(parsed.validTo) - Date.now()).toBeGreaterThan(9 * 365 * 24 * 3600 * 1000);
});

test('a server certificate is valid for its addresses and no others', async () => {
  const pki = await newPki();
  const { certificate } = await pki.issue('api', { commonName: 'api', altNames: ['IP:10.90.0.1', 'DNS:kubernetes'] });
  const parsed = new X509Certificate(certificate);
  expect(parsed.checkIP('10.90.0.1')).toBe('10.90.0.1');
  expect(parsed.checkIP('10.90.0.2')).toBeUndefined();
  expect(parsed.checkHost('kubernetes')).toBe('kubernetes');
});

test('a node that joins again gets the same certificates', async () => {
  const pki = await newPki();
  const node = { name: 'node-2', index: 2 };
  const [first, again] = [await createJoinMaterial(pki, node), await createJoinMaterial(pki, node)];
  expect(again).toEqual(first);
  expect(first).toMatchObject({ nodeName: 'node-2', address: '10.90.0.12', podCidr: '10.244.2.0/24' });
  const serving = new X509Certificate(first.files[joinFiles.servingCertificate]?.content ?? '');
  expect(serving.checkIP('10.90.0.12')).toBe('10.90.0.12');
});

test('a directory that has an authority already keeps it', async () => {
  const pki = await newPki();
  expect((await openPki(pki.directory)).ca).toBe(pki.ca);
});
