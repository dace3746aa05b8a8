import { describe, expect, it } from 'vitest';
import { needsFreshState } from './action.ts';
import { type ClaimState, planClaim } from './claim-plan.ts';
import { aClaim, aClass, aLogicalVolume, aPersistentVolume, failed, READY, VOLUME } from './testing/builders.ts';
import { claimState, claimWords, NOW } from './testing/claim-state.ts';
import { message } from './testing/plan-message.ts';

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
    expect(claimWords(planClaim(claimState(changes)))).toEqual(expected);
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
    const plan = planClaim(claimState(changes));
    expect(claimWords(plan)).toEqual(expected);
    expect(needsFreshState(plan)).toBe(expected.length > 0);
  });

  it("tells the claim's author the agent's reason", () => {
    expect(message(planClaim(claimState({ logicalVolume: aLogicalVolume({ status: full }) })))).toBe(
      'node a has no room for the volume: csi-vg-nvme has 1 GiB free; choosing a node again',
    );
  });
});

describe('an agent that does not answer', () => {
  const later = (ms: number) => new Date(NOW.getTime() + ms);

  it('is given two minutes', () => {
    const plan = planClaim(claimState({ logicalVolume: aLogicalVolume(), now: later(30_000) }));
    expect(plan).toEqual({ actions: [], againAfterMs: 90_000 });
  });

  it('is told of after that, with what to look at, and the volume is left alone: it may be making it', () => {
    const plan = planClaim(claimState({ logicalVolume: aLogicalVolume(), now: later(120_000) }));
    expect(claimWords(plan)).toEqual(['Warning:ProvisioningDelayed']);
    expect(message(plan)).toMatch(/agent of node a has not taken up the volume; see that the node is ready/);
    expect(plan.againAfterMs).toBe(120_000);
  });

  it('is quoted when it has said why it is not done', () => {
    const status = { ...failed('Timeout', 'lvcreate did not end'), phase: 'Pending' as const };
    const plan = planClaim(claimState({ logicalVolume: aLogicalVolume({ status }), now: later(120_000) }));
    expect(message(plan)).toBe('the agent of node a has not finished the volume: lvcreate did not end');
  });
});

describe('binding mode Immediate', () => {
  const storageClass = aClass({ volumeBindingMode: 'Immediate' });
  const claim = aClaim({ selectedNode: undefined });

  it('makes the volume where placement says', () => {
    const plan = planClaim(claimState({ storageClass, claim, node: undefined, place: () => ({ nodeName: 'c' }) }));
    const [first] = plan.actions;
    expect(first?.kind === 'createLogicalVolume' && first.logicalVolume.spec.nodeName).toBe('c');
  });

  it('says why there is no place, and looks again', () => {
    const plan = planClaim(
      claimState({ storageClass, claim, place: () => ({ reason: 'no node has 10 GiB of nvme' }) }),
    );
    expect(message(plan)).toBe('no node has 10 GiB of nvme');
    expect(plan.againAfterMs).toBe(30_000);
  });

  it('is placed again when the node had no room', () => {
    const logicalVolume = aLogicalVolume({ status: failed('ResourceExhausted', 'full') });
    expect(claimWords(planClaim(claimState({ storageClass, claim, logicalVolume })))).toEqual([
      'Warning:ProvisioningFailed',
      'deleteLogicalVolume',
    ]);
  });
});
