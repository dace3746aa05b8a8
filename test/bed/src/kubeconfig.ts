import { stringify } from 'yaml';
import type { KeyPair } from './pki.ts';

export interface KubeconfigOptions {
  /** Such as https://127.0.0.1:6443. */
  server: string;
  /** The authority's certificate, as PEM. */
  ca: string;
  user: KeyPair | { token: string };
}

/** A kubeconfig that holds all it needs and refers to no other file. */
export function kubeconfig({ server, ca, user }: KubeconfigOptions): string {
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bed', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'user', user: credentials }],
    contexts: [{ name: 'bed', context: { cluster: 'bed', user: 'user' } }],
    'current-context': 'bed',
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
