import { REMOVE_NODE_ANNOTATION } from '@berth/contract/names';
import type { CrashPoint } from '@berth/controller/testing/crashing-client';
import { type LostNodeCluster, openLostNodeCluster } from '@berth/controller/testing/lost-nodes';
import { NODES } from '@berth/kube/resources';
import fc from 'fast-check';

const NAMES = ['a', 'b', 'c'];
const index = fc.nat(NAMES.length - 1);
const MINUTE_MS = 60_000;

export const lossHappening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('makeMembersAgain') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), minutes: fc.constantFrom(1, 5, 15) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('member'), index, ready: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('nodeReady'), index, ready: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('deleteNode', 'registerNode', 'removeNode'), index }) },
);

export type LossHappening = typeof lossHappening extends fc.Arbitrary<infer T> ? T : never;

/** Plays a set of three whose nodes come and go; what went wrong, as a sentence. */
export const playLoss = async (given: {
  readonly happenings: readonly LossHappening[];
  readonly crashes: readonly CrashPoint[];
}): Promise<string | undefined> => {
  const cluster = await openLostNodeCluster({ crashes: given.crashes });
  try {
    for (const each of given.happenings) {
      await happen(cluster, each);
      const [unready] = cluster.unreadyThen;
      if (unready !== undefined) return `a member was given up while ${unready} was not ready`;
    }
    // Each crash that is still to come costs a step.
    for (let step = 0; step < given.crashes.length + 3; step += 1) await cluster.step();
    return await findUnfinished(cluster);
  } finally {
    cluster.stop();
  }
};

const happen = async (cluster: LostNodeCluster, each: LossHappening): Promise<void> => {
  switch (each.kind) {
    case 'step':
      return cluster.step();
    case 'makeMembersAgain':
      return makeMembersAgain(cluster);
    case 'wait':
      return cluster.clock.advance(each.minutes * MINUTE_MS);
    case 'member':
      if (!(await cluster.present()).includes(`es-${each.index}`)) return;
      await cluster.setReady(each.index, each.ready ? 'True' : 'False');
      return;
    default:
      return changeNode(cluster, NAMES[each.index] ?? '', each);
  }
};

type NodeHappening = Extract<LossHappening, { kind: 'nodeReady' | 'deleteNode' | 'registerNode' | 'removeNode' }>;

const changeNode = async (cluster: LostNodeCluster, name: string, each: NodeHappening): Promise<void> => {
  const isThere = (await cluster.api.get(NODES, { name })) !== undefined;
  if (isThere === (each.kind === 'registerNode')) return;
  const removal = { metadata: { annotations: { [REMOVE_NODE_ANNOTATION]: 'true' } }, spec: { unschedulable: true } };
  if (each.kind === 'nodeReady') await cluster.setNodeReady(name, each.ready ? 'True' : 'Unknown');
  else if (each.kind === 'deleteNode') await cluster.api.delete(NODES, { name });
  else if (each.kind === 'registerNode') await cluster.api.create(NODES, { metadata: { name } });
  else await cluster.api.mergePatch(NODES, { name }, removal);
};

/** What the set does for pods and claims that are gone. */
const makeMembersAgain = async (cluster: LostNodeCluster): Promise<void> => {
  const present = await cluster.present();
  for (const [index] of NAMES.entries()) {
    if (!present.includes(`data-es-${index}`)) await cluster.makeClaim(index);
    if (!present.includes(`es-${index}`)) await cluster.makePod(index, 'True');
  }
};

/** Every deletion has its record, is made once, and none is left half done. */
const findUnfinished = async (cluster: LostNodeCluster): Promise<string | undefined> => {
  const records = await cluster.records();
  const open = records.filter((record) => !/ (Done|Cancelled)$/.test(record));
  if (open.length > 0) return `a recovery was not finished: ${open.join(', ')}`;
  const deletedClaims = cluster.deletions.filter((deletion) => deletion.startsWith('data-')).length;
  const done = records.filter((record) => record.endsWith(' Done')).length;
  return deletedClaims <= done ? undefined : `${deletedClaims} claims were deleted for ${done} recoveries`;
};
