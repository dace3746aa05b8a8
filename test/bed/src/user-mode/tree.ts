import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCacheEntry } from '../image/cache-entry.ts';
import { contentKey } from '../image/content-key.ts';
import { ensureNodeTree, type TreeContext } from '../image/debian-tree.ts';
import { run } from '../process/spawn.ts';

const init = join(import.meta.dirname, 'init');

/** The directory that user-mode machines have as their root file system: the nodes' Debian, and an init of our own. */
export async function ensureUserModeTree(context: TreeContext): Promise<string> {
  const nodeTree = await ensureNodeTree(context);
  return await ensureCacheEntry({
    ...context,
    key: `user-mode-tree-${contentKey([nodeTree, await readFile(init, 'utf8')])}`,
    build: async (directory) => {
      await run('tar', ['-C', directory, '-xf', join(nodeTree, 'root.tar')], { signal: context.signal });
      await mkdir(join(directory, 'lib/modules'), { recursive: true });
      await copyFile(init, join(directory, 'init'));
    },
  });
}
