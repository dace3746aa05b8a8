import type { Pod } from '@berth/kube/types';
import { describe, expect, it } from 'vitest';
import { needsFreshState } from './action.ts';
import { type ClaimState, planClaim } from './claim-plan.ts';
import { aClaim, aClass, aLogicalVolume, aPod, READY } from './testing/builders.ts';
import { claimState, claimWords } from './testing/claim-state.ts';
import { message } from './testing/plan-message.ts';

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
    const plan = planClaim(claimState(changes));
    expect(claimWords(plan)).toEqual(['Warning:ProvisioningRefused']);
    expect(message(plan)).toMatch(expected);
    expect(needsFreshState(plan)).toBe(true);
  });

  it('is told before a node is selected', () => {
    const claim = aClaim({ selectedNode: undefined, handedToUs: false, spec: { accessModes: ['ReadWriteMany'] } });
    expect(claimWords(planClaim(claimState({ claim })))).toEqual(['Warning:ProvisioningRefused']);
  });

  it('may be small when it is a raw block volume', () => {
    const claim = aClaim({ spec: { volumeMode: 'Block', resources: { requests: { storage: '8Mi' } } } });
    expect(claimWords(planClaim(claimState({ claim })))).toEqual(['createLogicalVolume', 'Normal:Provisioning']);
  });

  it('keeps the logical volume it has, whatever the class says now', () => {
    const storageClass = aClass({ parameters: { thin: 'yes' } });
    expect(claimWords(planClaim(claimState({ storageClass, logicalVolume: aLogicalVolume() })))).toEqual([]);
  });

  it('gets no persistent volume smaller than it asked for, and waits for the agent (trap 16)', () => {
    const logicalVolume = aLogicalVolume({ status: { ...READY, size: '9Gi' } });
    expect(message(planClaim(claimState({ logicalVolume })))).toMatch(/has 9 GiB, less than the 10 GiB asked for/);
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
    const plan = planClaim(claimState({ claim: asking('500Gi'), node: undefined, pod: waiting }));
    expect(plan.actions).toMatchObject([{ about: { kind: 'Pod' }, reason: 'NoRoomOnDisks' }]);
    expect(message(plan)).toBe('No node has room');
  });

  it('is told nothing by us when some node has the room: it waits for something else', () => {
    expect(planClaim(claimState({ claim: asking('96Gi'), node: undefined, pod: waiting })).actions).toEqual([]);
  });

  it('is told nothing before kube-scheduler has looked', () => {
    expect(planClaim(claimState({ claim: asking('500Gi'), node: undefined })).actions).toEqual([]);
  });
});
