import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CrashNode, createCrashNode } from '@berth/agent/testing/crash-node';
import { WHENS } from '@berth/agent/testing/mortal';
import fc from 'fast-check';
import { must, randomCampaign } from './random-campaign.ts';

/** What happens on a node; a volume is meant by its number, modulo how many there are. */
const happening = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('make'),
      mib: fc.integer({ min: 8, max: 250 }),
      fsType: fc.constantFrom('xfs', 'ext4'),
      wipePolicy: fc.constantFrom('none', 'zero', 'discard'),
      used: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('use'), volume: fc.nat(9), used: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('write'), volume: fc.nat(9), file: fc.constantFrom('a', 'b') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('grow'), volume: fc.nat(9), mib: fc.integer({ min: 8, max: 400 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), volume: fc.nat(9) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('round') }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('roundWithDeath'), effect: fc.nat(5), when: fc.constantFrom(...WHENS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cutPower') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle') }) },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Makes it happen; the faults, if it is a time to look for them. */
const happen = async (node: CrashNode, each: Happening, made: number): Promise<readonly string[]> => {
  const number = 'volume' in each ? each.volume % Math.max(1, made) : made;
  switch (each.kind) {
    case 'make':
      await node.make(number, each);
      node.use(number, each.used);
      break;
    case 'use':
      node.use(number, each.used);
      break;
    case 'write':
      node.write(number, each.file);
      break;
    case 'grow':
      await node.grow(number, each.mib);
      break;
    case 'remove':
      await node.remove(number);
      break;
    case 'round':
      await node.round();
      break;
    case 'roundWithDeath':
      node.agent.dieAt(each);
      await node.round();
      break;
    case 'cutPower':
      node.cutPower();
      break;
    case 'settle':
      return node.settle();
  }
  return [];
};

const play = async (happenings: readonly Happening[]): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-soak-'));
  try {
    const node = await createCrashNode(directory);
    let made = 0;
    for (const each of [...happenings, { kind: 'settle' } as const]) {
      const [fault] = await happen(node, each, made);
      must(fault);
      if (each.kind === 'make') made += 1;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** The agent on a machine of the tests, killed at random and its node cut from power. */
export const runAgentCrash = randomCampaign('agent-crash', [
  {
    name: 'node with up to 60 happenings',
    property: fc.asyncProperty(fc.array(happening, { maxLength: 60, size: 'max' }), play),
  },
]);
