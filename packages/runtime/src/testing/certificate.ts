import { join } from 'node:path';
import { AppError } from '@berth/contract/errors';
import { spawner } from '../spawn.ts';

/** PEM files of a certificate and its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate that signs itself, valid for two days, with openssl: `NAME.crt` and `NAME.key` in the directory. `altNames` are its
 * alternative names as openssl writes them, such as `IP:127.0.0.1`. Files that are there are replaced.
 */
export const makeCertificate = async (
  directory: string,
  { name = 'tls', altNames = [] }: { readonly name?: string; readonly altNames?: readonly string[] } = {},
): Promise<CertificateFiles> => {
  const files = { cert: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  const argv = [
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', files.key, '-out', files.cert],
    ...(altNames.length > 0 ? ['-addext', `subjectAltName=${altNames.join(',')}`] : []),
  ];
  const made = await spawner.run(argv, { timeoutMs: 20_000 });
  if (made.exitCode !== 0) throw new AppError('Internal', `openssl could not make a certificate: ${made.stderr}`);
  return files;
};
