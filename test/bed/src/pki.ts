import { generateKeyPairSync } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './process/spawn.ts';

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  commonName: string;
  /** Kubernetes takes the organisation of a client certificate as its group. */
  organization?: string;
  /** Such as `IP:10.90.0.1` and `DNS:kubernetes`; with any, it is a server's certificate as well as a client's. */
  altNames?: readonly string[];
}

/** The certificate authority of one bed. Its files lie in one directory, so a snapshot can take them along. */
export interface Pki {
  readonly directory: string;
  /** The authority's certificate, as PEM. */
  readonly ca: string;
  /** Issues a certificate into NAME.crt and NAME.key; asked again for the same name, it gives the same one. */
  issue(name: string, request: CertificateRequest): Promise<KeyPair>;
  file(name: string): string;
}

/** Long enough for a cached snapshot never to expire before its tools do. */
const validDays = '3650';

/** Opens the authority in a directory, making it first if there is none. */
export async function openPki(directory: string): Promise<Pki> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(directory, name);
  await writeFile(file('openssl.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n');
  if (!(await exists(file('ca.crt')))) await createAuthority(file);
  return {
    directory,
    ca: await readFile(file('ca.crt'), 'utf8'),
    file,
    async issue(name, request) {
      if (!(await exists(file(`${name}.crt`)))) {
        await run('openssl', certificateArguments(file, name, request));
      }
      return {
        certificate: await readFile(file(`${name}.crt`), 'utf8'),
        key: await readFile(file(`${name}.key`), 'utf8'),
      };
    },
  };
}

/** The openssl command line that makes a key and a certificate signed by the authority. */
export function certificateArguments(
  file: (name: string) => string,
  name: string,
  request: CertificateRequest,
): readonly string[] {
  const { commonName, organization, altNames = [] } = request;
  const subject = `${organization === undefined ? '' : `/O=${organization}`}/CN=${commonName}`;
  const usages = altNames.length === 0 ? 'clientAuth' : 'serverAuth,clientAuth';
  return [
    ...newKeyArguments(file, name, subject),
    ...['-CA', file('ca.crt'), '-CAkey', file('ca.key')],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'keyUsage=critical,digitalSignature'],
    ...['-addext', `extendedKeyUsage=${usages}`],
    ...(altNames.length === 0 ? [] : ['-addext', `subjectAltName=${altNames.join(',')}`]),
  ];
}

async function createAuthority(file: (name: string) => string): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  await writeFile(file('service-accounts.pub'), publicKey);
  await writeFile(file('service-accounts.key'), privateKey, { mode: 0o600 });
  await run('openssl', [
    ...newKeyArguments(file, 'ca', '/CN=berth-bed'),
    ...['-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-addext', 'keyUsage=critical,digitalSignature,keyCertSign'],
    ...['-addext', 'subjectKeyIdentifier=hash'],
  ]);
}

function newKeyArguments(file: (name: string) => string, name: string, subject: string): readonly string[] {
  return [
    ...['req', '-x509', '-config', file('openssl.cnf'), '-days', validDays, '-subj', subject],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'],
    ...['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
  ];
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
