import { dirname } from 'node:path';

export interface GuestFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

/** A shell script that writes the files, each replaced at once. */
export function writeFilesScript(files: readonly GuestFile[]): string {
  return files
    .map(({ path, content, mode }) =>
      [
        `mkdir -p ${quote(dirname(path))}`,
        `base64 -d > ${quote(`${path}.new`)} <<'END'`,
        ...(Buffer.from(content)
          .toString('base64')
          .match(/.{1,76}/g) ?? []),
        'END',
        `chmod ${(mode & 0o7777).toString(8)} ${quote(`${path}.new`)}`,
        `mv ${quote(`${path}.new`)} ${quote(path)}`,
      ].join('\n'),
    )
    .join('\n');
}

/** A word that the shell takes as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
