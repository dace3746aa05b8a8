import { describe, expect, it } from 'vitest';
import { type CrashNode, createCrashNode } from './testing/crash-node.ts';
import { type CrashPoint, WHENS } from './testing/mortal.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

interface Scenario {
  readonly name: string;
  /** What has happened before, without a crash. */
  readonly before?: (node: CrashNode) => Promise<void>;
  readonly play: (node: CrashNode) => Promise<void> | void;
}

/** A pod uses a volume of 100 MiB and has left a file on it. */
const used = async (node: CrashNode, fsType: 'xfs' | 'ext4' = 'xfs'): Promise<void> => {
  await node.make(1, { mib: 100, fsType });
  node.use(1, true);
  await node.settle();
  node.write(1, 'proof');
};

/** A volume with a file system was there and is gone; what it held is still on the disk. */
const leftovers = async (node: CrashNode): Promise<void> => {
  await node.make(7, { mib: 100 });
  node.use(7, true);
  await node.settle();
  await node.remove(7);
  await node.settle();
};

const scenarios: readonly Scenario[] = [
  { name: 'a disk is taken', play: () => {} },
  { name: 'a volume is made (trap 87)', before: leftovers, play: (node) => node.make(1, { mib: 100 }) },
  ...(['xfs', 'ext4'] as const).map((fsType) => ({
    name: `a new volume is made and mounted for a pod (${fsType})`,
    before: leftovers,
    play: async (node: CrashNode) => {
      await node.make(1, { mib: 100, fsType });
      node.use(1, true);
    },
  })),
  ...(['xfs', 'ext4'] as const).map((fsType) => ({
    name: `a volume grows under its pod (${fsType})`,
    before: (node: CrashNode) => used(node, fsType),
    play: (node: CrashNode) => node.grow(1, 200),
  })),
  { name: 'a pod goes', before: used, play: (node) => node.use(1, false) },
  ...(['xfs', 'ext4'] as const).map((fsType) => ({
    name: `a pod comes again (${fsType})`,
    before: async (node: CrashNode) => {
      await used(node, fsType);
      node.use(1, false);
      await node.settle();
    },
    play: (node: CrashNode) => node.use(1, true),
  })),
  { name: 'a volume is deleted with its pod', before: used, play: (node) => node.remove(1) },
  ...(['zero', 'discard'] as const).map((wipePolicy) => ({
    name: `a volume is wiped and deleted (${wipePolicy})`,
    before: (node: CrashNode) => node.make(1, { mib: 100, wipePolicy }),
    play: (node: CrashNode) => node.remove(1),
  })),
];

const run = async (scenario: Scenario, crash?: CrashPoint): Promise<{ effects: number; lives: number }> => {
  const node = await createCrashNode(await temporaryDirectory());
  if (scenario.before) {
    await scenario.before(node);
    expect(await node.settle()).toEqual([]);
  }
  const [effects, lives] = [node.agent.effects(), node.agent.lives()];
  node.agent.dieAt(crash);
  await scenario.play(node);
  expect(await node.settle(), JSON.stringify(crash)).toEqual([]);
  return { effects: node.agent.effects() - effects, lives: node.agent.lives() - lives };
};

describe.each(scenarios)('when $name', (scenario) => {
  it('all ends right', async () => {
    expect((await run(scenario)).effects).toBeGreaterThan(0);
  });

  it('all ends right when the agent dies before, in, or after any program or write', { timeout: 180_000 }, async () => {
    const { effects } = await run(scenario);
    for (let effect = 0; effect < effects; effect += 1) {
      for (const when of WHENS) expect((await run(scenario, { effect, when })).lives, `${when} ${effect}`).toBe(1);
    }
  });
});
