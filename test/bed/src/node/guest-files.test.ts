import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../process/spawn.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { writeFilesScript } from './guest-files.ts';

test('a shell that runs the script writes each file with its content and mode', async () => {
  const directory = await temporaryDirectory();
  const secret = { path: join(directory, "it's/deep/key"), content: 'a\n$HOME `x`\nEND\n', mode: 0o600 };
  const empty = { path: join(directory, 'empty'), content: '', mode: 0o755 };
  await run('sh', ['-eu'], { input: writeFilesScript([secret, empty]) });
  expect(readFileSync(secret.path, 'utf8')).toBe(secret.content);
  expect(statSync(secret.path).mode & 0o777).toBe(0o600);
  expect(readFileSync(empty.path, 'utf8')).toBe('');
  expect(statSync(empty.path).mode & 0o777).toBe(0o755);
});
