import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A short hash of the parts; equal parts in equal order give equal keys. */
export function contentKey(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** A hash of the names, modes and contents of all files below a directory. */
export async function directoryKey(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const parts: string[] = [];
  for (const file of files.sort()) {
    const { mode } = await stat(file);
    parts.push(relative(directory, file), (mode & 0o777).toString(8), await readFile(file, 'base64'));
  }
  return contentKey(parts);
}
