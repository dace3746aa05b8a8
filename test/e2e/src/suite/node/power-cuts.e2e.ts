import { demoDisks } from '@berth/bed/demo-nodes';
import type { DiskSpec } from '@berth/bed/node/disk';
import type { Node } from '@berth/bed/node/node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { runPowerCuts } from '../../power-cuts/power-cuts.ts';
import { readNodeStorage } from '../../storage-facts.ts';
import { nodeOf } from '../../volume-facts.ts';
import { awaitNothingLeft } from '../one-claim.ts';
import { holdNodes } from '../suite-bed.ts';

const NODE = 'node-3';

const MINUTES = 60_000;
/** While the volumes are made and grow, while their file systems do, and when all of it should be over. */
const DELAYS_MS = [1_500, 4_000, 9_000];

let stage: Stage;

/** The node's NVMe drives change places while it is off, and so do the names that the kernel gives them. */
const exchangeDrives = async (node: Node) => {
  const [first, second] = demoDisks().filter(({ medium }) => medium === 'nvme') as [DiskSpec, DiskSpec];
  for (const { name } of [first, second]) await node.pullDisk(name);
  await node.plugDisk({ ...first, slot: second.slot ?? 1 });
  await node.plugDisk({ ...second, slot: first.slot ?? 0 });
};

/** Device path of each NVMe disk that Berth has on a node, by identity. */
const pathsOfDrives = async (node: string) => {
  const disks = (await readNodeStorage(stage.bed, node))?.disks ?? [];
  return new Map(
    disks
      .filter(({ medium, state }) => medium === 'nvme' && state === 'Adopted')
      .map(({ identity, path }) => [identity.value, path]),
  );
};

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('power-cuts');
});

describe('three power cuts of a node while volumes are made, grown, written to and removed', () => {
  it('lose no flushed file and leak no volume, also when the disks have other names afterwards (traps 30 and 50)', {
    timeout: 25 * MINUTES,
  }, async () => {
    const before = await pathsOfDrives(NODE);
    const whileOff = (cut: number) => (cut === 2 ? exchangeDrives(nodeOf(stage.bed, NODE)) : Promise.resolve());
    expect(await runPowerCuts(stage, { node: NODE, delaysMs: DELAYS_MS, whileOff, say: () => {} })).toEqual([]);
    const [[first, firstPath], [second, secondPath]] = [...before] as [[string, string], [string, string]];
    expect(await pathsOfDrives(NODE)).toEqual(
      new Map([
        [first, secondPath],
        [second, firstPath],
      ]),
    );
  });

  it('leave nothing when the pods and claims are deleted', async () => {
    for (const kind of ['pods', 'pvc']) {
      await stage.bed.kubectl(['-n', stage.namespace, 'delete', kind, '--all', '--wait=true', '--timeout=120s']);
    }
    await awaitNothingLeft(stage);
  });
});
