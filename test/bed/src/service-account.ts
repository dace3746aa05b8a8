import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BedParts } from './bed-parts.ts';
import { kubeconfig } from './kubeconfig.ts';

/** Writes a kubeconfig with a fresh token of an existing service account; gives its path. */
export async function writeServiceAccountKubeconfig(
  { kubectl, plane, runDir, server }: BedParts,
  account: { namespace: string; name: string },
): Promise<string> {
  const token = await kubectl(['create', 'token', account.name, '-n', account.namespace, '--duration=24h']);
  const file = join(runDir, `${account.namespace}-${account.name}.kubeconfig`);
  await writeFile(file, kubeconfig({ server, ca: plane.pki.ca, user: { token: token.trim() } }), { mode: 0o600 });
  return file;
}
