import { parseClassParameters } from '@berth/contract/volume-request';
import { describe, expect, it } from 'vitest';
import { type ClaimFacts, type ClassFacts, demandsOfPod } from './demands.ts';
import { GiB } from './testing.ts';

const claim = (change: Partial<ClaimFacts> = {}): ClaimFacts => ({
  uid: 'u1',
  deleting: false,
  className: 'fast',
  size: 10 * GiB,
  block: false,
  bound: false,
  ownerUids: [],
  volumeNode: undefined,
  ...change,
});

const PARAMETERS = parseClassParameters({ 'csi.storage.io/disk-type': 'nvme' });

const CLASSES: Readonly<Record<string, ClassFacts>> = {
  fast: { kind: 'ours', parameters: PARAMETERS },
  ceph: { kind: 'foreign' },
  forced: { kind: 'ours', parameters: { ...PARAMETERS, mkfsOptions: '-f' } },
  typo: { kind: 'invalid', reason: 'disk-type is missing; write one of hdd, ssd, nvme' },
};

const ask = (claims: Readonly<Record<string, ClaimFacts>>, references = Object.keys(claims)) =>
  demandsOfPod(
    references.map((claimKey) => ({ claimKey })),
    { claim: (key) => claims[key], storageClass: (name) => CLASSES[name] },
  );

describe('demands of a pod', () => {
  it('asks for nothing when no claim of ours waits for a volume', () => {
    expect(ask({})).toEqual({ kind: 'nothing' });
    expect(ask({ a: claim({ className: 'ceph' }), b: claim({ className: undefined }) })).toEqual({ kind: 'nothing' });
    expect(ask({ a: claim({ bound: true, className: 'unknown' }) })).toEqual({ kind: 'nothing' });
  });

  it('counts a claim without a volume, whatever its phase would say (trap 70)', () => {
    expect(ask({ 'prod/a': claim() })).toMatchObject({
      kind: 'place',
      demands: [{ claimKey: 'prod/a', claimUid: 'u1', medium: 'nvme', bytes: 10 * GiB }],
      pins: [],
    });
  });

  it('does not count a bound claim again, but stays with its node (trap 71, trap 76)', () => {
    const asked = ask({ a: claim({ bound: true, volumeNode: 'n1' }), b: claim({ uid: 'u2' }) });
    expect(asked).toMatchObject({
      kind: 'place',
      demands: [{ claimUid: 'u2' }],
      pins: [{ claimKey: 'a', node: 'n1' }],
    });
  });

  it('stays with the node of a volume that is being made', () => {
    expect(ask({ a: claim({ volumeNode: 'n1' }) })).toEqual({
      kind: 'place',
      demands: [],
      pins: [{ claimKey: 'a', node: 'n1' }],
    });
  });

  it('keeps two claims of one class apart (trap 74), and counts one claim used twice once (trap 75)', () => {
    const two = ask({ a: claim(), b: claim({ uid: 'u2' }) });
    expect(two).toMatchObject({ demands: [{ claimUid: 'u1' }, { claimUid: 'u2' }] });
    const shared = ask({ a: claim() }, ['a', 'a']);
    expect(shared).toMatchObject({ demands: [{ claimUid: 'u1' }] });
    expect(shared.kind === 'place' && shared.demands).toHaveLength(1);
  });

  it('answers "ask again" when a claim or class is not known yet (trap 72)', () => {
    expect(ask({}, ['prod/a'])).toEqual({ kind: 'retry', reason: 'claim prod/a is not known here yet' });
    expect(ask({ a: claim({ className: 'new' }) })).toMatchObject({ kind: 'retry' });
    expect(ask({ a: claim({ deleting: true }) })).toMatchObject({ kind: 'retry' });
  });

  it('refuses what can never be placed, with the sentence of the rule', () => {
    expect(ask({ a: claim({ className: 'typo' }) })).toEqual({
      kind: 'refused',
      reason: 'StorageClass typo: disk-type is missing; write one of hdd, ssd, nvme',
    });
    expect(ask({ a: claim({ className: 'forced' }) })).toMatchObject({
      ...{
        kind: 'refused',
        reason: expect.stringContaining('claim a: csi.storage.io/mkfs-options: "-f" is not possible'),
      },
    });
    expect(ask({ a: claim({ className: 'forced', block: true }) })).toMatchObject({ kind: 'place' });
    expect(ask({ a: claim({ size: 1024 ** 2 }) })).toEqual({
      kind: 'refused',
      reason: 'claim a: the claim asks for 1 MiB, the smallest xfs volume is 300 MiB',
    });
    expect(ask({ a: claim({ size: 1024 ** 2, block: true }) })).toMatchObject({ kind: 'place' });
  });

  it('refuses a generic ephemeral volume whose claim belongs to another pod', () => {
    const lookup = { claim: () => claim({ ownerUids: ['other'] }), storageClass: (name: string) => CLASSES[name] };
    expect(demandsOfPod([{ claimKey: 'a', ownerUid: 'me' }], lookup)).toMatchObject({ kind: 'refused' });
    expect(demandsOfPod([{ claimKey: 'a', ownerUid: 'other' }], lookup)).toMatchObject({ kind: 'place' });
  });
});
