import type { Pod } from '@berth/kube/types';
import { describe, expect, it } from 'vitest';
import { needsFreshState, type Plan } from './action.ts';
import { type ClaimState, planClaim } from './claim-plan.ts';
import {
  aClaim,
  aClass,
  aLogicalVolume,
  aNode,
  aPersistentVolume,
  aPod,
  failed,
  LONG_AGO,
  READY,
  VOLUME,
} from './testing/builders.ts';

const NOW = new Date(LONG_AGO);
const room = (node: string, capacity: string) => ({
  storageClassName: 'fast',
  nodeTopology: { matchLabels: { 'topology.csi.storage.io/node': node } },
  capacity,
});
const state = (changes: Partial<ClaimState> = {}): ClaimState => ({
  claim: aClaim(),
  storageClass: aClass(),
  node: aNode(),
  logicalVolume: undefined,
  persistentVolume: undefined,
  pod: aPod(),
  place: () => ({ reason: 'nothing is placed here' }),
  roomFor: () => [room('a', '96Gi'), room('b', '20Gi')],
  now: NOW,
  ...changes,
});

/** Each action as one word, events with their type and reason. */
const words = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => (action.kind === 'event' ? `${action.type}:${action.reason}` : action.kind));

const message = (plan: Plan): string =>
  plan.actions.map((action) => (action.kind === 'event' ? action.message : '')).join('');

const AGAIN = ['Warning:ProvisioningFailed', 'clearSelectedNode', 'deleteLogicalVolume'];

describe('a claim on its way to a volume', () => {
  const cases: readonly [name: string, changes: Partial<ClaimState>, expected: readonly string[]][] = [
    ['gets a logical volume once a node is selected', {}, ['createLogicalVolume', 'Normal:Provisioning']],
    ['waits for the agent', { logicalVolume: aLogicalVolume() }, []],
    [
      'gets a persistent volume once the logical volume is ready',
      { logicalVolume: aLogicalVolume({ status: READY }) },
      ['createPersistentVolume', 'Normal:ProvisioningSucceeded'],
    ],
    [
      'waits for the binding once the persistent volume exists',
      { logicalVolume: aLogicalVolume({ status: READY }), persistentVolume: aPersistentVolume() },
      [],
    ],
    ['that is gone gets nothing', { claim: undefined }, []],
    ['of another driver gets nothing', { storageClass: aClass({ provisioner: 'other.example' }) }, []],
    ['without a selected node waits', { claim: aClaim({ selectedNode: undefined }), node: undefined }, []],
    ['that the PV controller has not handed to us waits', { claim: aClaim({ handedToUs: false }) }, []],
    ['that is bound gets nothing', { claim: aClaim({ spec: { volumeName: VOLUME } }) }, []],
    ['that is bound to somebody else gets nothing', { claim: aClaim({ spec: { volumeName: 'other' } }) }, []],
    ['whose class is gone is told so', { storageClass: undefined }, ['Warning:ProvisioningFailed']],
    [
      'of an unknown class that nobody handed to us gets nothing (trap 72)',
      { storageClass: undefined, claim: aClaim({ handedToUs: false }) },
      [],
    ],
    [
      'whose name is taken by the volume of another claim is told so',
      { logicalVolume: aLogicalVolume({ claimUid: 'other' }) },
      ['Warning:ProvisioningFailed'],
    ],
    [
      'whose volume a sidecar is making is left to the sidecar',
      { logicalVolume: aLogicalVolume({ managedByCsi: true, claimUid: '', status: READY }) },
      [],
    ],
    [
      'whose persistent volume belongs to another claim is told so',
      { persistentVolume: aPersistentVolume({ claimUid: 'other' }) },
      ['Warning:ProvisioningFailed'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(words(planClaim(state(changes)))).toEqual(expected);
  });
});

describe('a decision that cannot be kept', () => {
  const full = failed('ResourceExhausted', 'csi-vg-nvme has 1 GiB free');
  const cases: readonly [name: string, changes: Partial<ClaimState>, expected: readonly string[]][] = [
    ['no room on the node: scheduled again (trap 82)', { logicalVolume: aLogicalVolume({ status: full }) }, AGAIN],
    [
      'another failure of the agent pins the claim: it may still succeed (trap 82)',
      { logicalVolume: aLogicalVolume({ status: failed('LvmFailed', 'lvcreate timed out') }) },
      ['Warning:ProvisioningFailed'],
    ],
    ['the selected node is gone (trap 81)', { node: undefined }, ['Warning:ProvisioningFailed', 'clearSelectedNode']],
    [
      'the selected node is gone after the logical volume was made (trap 81)',
      { node: undefined, logicalVolume: aLogicalVolume() },
      AGAIN,
    ],
    [
      'the selected node was cleared: what was made there goes',
      { claim: aClaim({ selectedNode: undefined }), logicalVolume: aLogicalVolume({ status: full }) },
      ['deleteLogicalVolume'],
    ],
    [
      'another node was selected: what was made on the first goes',
      { claim: aClaim({ selectedNode: 'b' }), logicalVolume: aLogicalVolume({ status: READY }) },
      ['deleteLogicalVolume'],
    ],
    [
      'the volume of the old decision is still going: nothing is made beside it',
      { claim: aClaim({ selectedNode: 'b' }), logicalVolume: aLogicalVolume({ deleting: true, status: full }) },
      [],
    ],
    [
      'the claim is being deleted before it had a volume (trap 83)',
      { claim: aClaim({ deleting: true }), logicalVolume: aLogicalVolume({ status: READY }) },
      ['deleteLogicalVolume'],
    ],
    ['the claim is being deleted and nothing was made', { claim: aClaim({ deleting: true }) }, []],
    [
      'the claim is being deleted while its persistent volume exists: that goes by its own way',
      {
        claim: aClaim({ deleting: true }),
        logicalVolume: aLogicalVolume({ status: READY }),
        persistentVolume: aPersistentVolume(),
      },
      [],
    ],
    [
      'the claim was bound to another volume meanwhile',
      { claim: aClaim({ spec: { volumeName: 'by-hand' } }), logicalVolume: aLogicalVolume({ status: READY }) },
      ['deleteLogicalVolume'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    const plan = planClaim(state(changes));
    expect(words(plan)).toEqual(expected);
    expect(needsFreshState(plan)).toBe(expected.length > 0);
  });

  it("tells the claim's author the agent's reason", () => {
    expect(message(planClaim(state({ logicalVolume: aLogicalVolume({ status: full }) })))).toBe(
      'node a has no room for the volume: csi-vg-nvme has 1 GiB free; choosing a node again',
    );
  });
});

describe('a claim that cannot be served', () => {
  const cases: readonly [name: string, changes: Partial<ClaimState>, expected: RegExp][] = [
    [
      'an unknown parameter',
      { storageClass: aClass({ parameters: { thin: 'yes' } }) },
      /unknown StorageClass parameter thin/,
    ],
    ['no medium', { storageClass: aClass({ parameters: {} }) }, /disk-type is missing; write one of hdd, ssd, nvme/],
    [
      'less than xfs can be made on (trap 9)',
      { claim: aClaim({ spec: { resources: { requests: { storage: '100Mi' } } } }) },
      /asks for 100 MiB, the smallest xfs volume is 300 MiB/,
    ],
    ['no size', { claim: aClaim({ spec: { resources: {} } }) }, /set resources.requests.storage/],
    [
      'several writers on several nodes',
      { claim: aClaim({ spec: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } }) },
      /access mode ReadWriteMany is not possible .* use ReadWriteOnce or ReadWriteOncePod/,
    ],
    [
      'a snapshot as source',
      { claim: aClaim({ spec: { dataSource: { kind: 'VolumeSnapshot', name: 's' } } }) },
      /cannot be filled from a VolumeSnapshot/,
    ],
    [
      'a claim as source',
      { claim: aClaim({ spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 's' } } }) },
      /cannot be filled from a PersistentVolumeClaim/,
    ],
    [
      'a volume attributes class',
      { claim: aClaim({ spec: { volumeAttributesClassName: 'gold' } }) },
      /remove spec.volumeAttributesClassName/,
    ],
    ['a selector', { claim: aClaim({ spec: { selector: { matchLabels: { a: 'b' } } } }) }, /remove spec.selector/],
  ];
  it.each(cases)('%s: one sentence for its author, and no logical volume', (_name, changes, expected) => {
    const plan = planClaim(state(changes));
    expect(words(plan)).toEqual(['Warning:ProvisioningRefused']);
    expect(message(plan)).toMatch(expected);
    expect(needsFreshState(plan)).toBe(true);
  });

  it('is told before a node is selected', () => {
    const claim = aClaim({ selectedNode: undefined, handedToUs: false, spec: { accessModes: ['ReadWriteMany'] } });
    expect(words(planClaim(state({ claim })))).toEqual(['Warning:ProvisioningRefused']);
  });

  it('may be small when it is a raw block volume', () => {
    const claim = aClaim({ spec: { volumeMode: 'Block', resources: { requests: { storage: '8Mi' } } } });
    expect(words(planClaim(state({ claim })))).toEqual(['createLogicalVolume', 'Normal:Provisioning']);
  });

  it('keeps the logical volume it has, whatever the class says now', () => {
    const storageClass = aClass({ parameters: { thin: 'yes' } });
    expect(words(planClaim(state({ storageClass, logicalVolume: aLogicalVolume() })))).toEqual([]);
  });

  it('gets no persistent volume smaller than it asked for, and waits for the agent (trap 16)', () => {
    const logicalVolume = aLogicalVolume({ status: { ...READY, size: '9Gi' } });
    expect(message(planClaim(state({ logicalVolume })))).toMatch(/has 9 GiB, less than the 10 GiB asked for/);
  });
});

describe('a pod for which no node was found', () => {
  const waiting: Pod = {
    ...aPod(),
    status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
  };
  const asking = (storage: string) =>
    aClaim({ selectedNode: undefined, handedToUs: false, spec: { resources: { requests: { storage } } } });

  it('is told the numbers when no node has the room, also before the claim is handed to us', () => {
    const plan = planClaim(state({ claim: asking('500Gi'), node: undefined, pod: waiting }));
    expect(plan.actions).toMatchObject([{ about: { kind: 'Pod' }, reason: 'NoRoomOnDisks' }]);
    expect(message(plan)).toBe(
      'no node has room for 500 GiB of nvme: of 2 nodes with nvme disks, a has the most free, 96 GiB',
    );
  });

  it('is told when no node has such disks at all', () => {
    const plan = planClaim(state({ claim: asking('1Gi'), node: undefined, pod: waiting, roomFor: () => [] }));
    expect(message(plan)).toBe('no node has room for 1 GiB of nvme: no node has reported nvme disks');
  });

  it('is told nothing by us when some node has the room: it waits for something else', () => {
    expect(planClaim(state({ claim: asking('96Gi'), node: undefined, pod: waiting })).actions).toEqual([]);
  });

  it('is told nothing before kube-scheduler has looked', () => {
    expect(planClaim(state({ claim: asking('500Gi'), node: undefined })).actions).toEqual([]);
  });
});

describe('an agent that does not answer', () => {
  const later = (ms: number) => new Date(NOW.getTime() + ms);

  it('is given two minutes', () => {
    const plan = planClaim(state({ logicalVolume: aLogicalVolume(), now: later(30_000) }));
    expect(plan).toEqual({ actions: [], againAfterMs: 90_000 });
  });

  it('is told of after that, with what to look at, and the volume is left alone: it may be making it', () => {
    const plan = planClaim(state({ logicalVolume: aLogicalVolume(), now: later(120_000) }));
    expect(words(plan)).toEqual(['Warning:ProvisioningDelayed']);
    expect(message(plan)).toMatch(/agent of node a has not taken up the volume; see that the node is ready/);
    expect(plan.againAfterMs).toBe(120_000);
  });

  it('is quoted when it has said why it is not done', () => {
    const status = { ...failed('Timeout', 'lvcreate did not end'), phase: 'Pending' as const };
    const plan = planClaim(state({ logicalVolume: aLogicalVolume({ status }), now: later(120_000) }));
    expect(message(plan)).toBe('the agent of node a has not finished the volume: lvcreate did not end');
  });
});

describe('binding mode Immediate', () => {
  const storageClass = aClass({ volumeBindingMode: 'Immediate' });
  const claim = aClaim({ selectedNode: undefined });

  it('makes the volume where placement says', () => {
    const plan = planClaim(state({ storageClass, claim, node: undefined, place: () => ({ nodeName: 'c' }) }));
    const [first] = plan.actions;
    expect(first?.kind === 'createLogicalVolume' && first.logicalVolume.spec.nodeName).toBe('c');
  });

  it('says why there is no place, and looks again', () => {
    const plan = planClaim(state({ storageClass, claim, place: () => ({ reason: 'no node has 10 GiB of nvme' }) }));
    expect(message(plan)).toBe('no node has 10 GiB of nvme');
    expect(plan.againAfterMs).toBe(30_000);
  });

  it('is placed again when the node had no room', () => {
    const logicalVolume = aLogicalVolume({ status: failed('ResourceExhausted', 'full') });
    expect(words(planClaim(state({ storageClass, claim, logicalVolume })))).toEqual([
      'Warning:ProvisioningFailed',
      'deleteLogicalVolume',
    ]);
  });
});
