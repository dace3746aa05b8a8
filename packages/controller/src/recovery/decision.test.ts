import type { Pod, StatefulSet } from '@berth/kube/types';
import { describe, expect, it } from 'vitest';
import { decideRecovery, type LostVolume, type RecoveryFacts } from './decision.ts';
import type { Due } from './due.ts';
import { otherMembersOf } from './members.ts';

const volume = (due: Due['kind'], isConfirmed = false, claimName = 'data-es-1'): LostVolume => ({
  claimName,
  claimUid: `uid-of-${claimName}`,
  due: due === 'wait' ? { kind: due, ms: 5_000 } : { kind: due },
  isConfirmed,
});

const facts = (changes: Partial<RecoveryFacts> = {}): RecoveryFacts => ({
  mode: 'on',
  trouble: 'node a was deleted',
  isPlanned: false,
  namespace: 'shop',
  podName: 'es-1',
  isOfSet: true,
  isReady: false,
  volumes: [volume('due')],
  others: { expected: 2, ready: 2, unready: [] },
  ...changes,
});

const said = (changes: Partial<RecoveryFacts>): string => {
  const decision = decideRecovery(facts(changes));
  return decision.kind === 'refuse' ? decision.sentence : decision.kind;
};

describe('whether a pod gives up its data on a node that is gone', () => {
  it('does when everything speaks for it, and the reason says what', () => {
    expect(decideRecovery(facts())).toEqual({
      kind: 'act',
      dryRun: false,
      reason: 'node a was deleted, which holds data-es-1 of pod es-1; all 2 other members are ready',
    });
  });

  it('waits for the longest grace of its volumes', () => {
    const volumes = [volume('due'), volume('wait', false, 'logs-es-1')];
    expect(decideRecovery(facts({ volumes }))).toEqual({ kind: 'wait', ms: 5_000 });
    expect(decideRecovery(facts({ volumes: [volume('mark')] })).kind).toBe('wait');
  });

  const refusals: readonly [name: string, changes: Partial<RecoveryFacts>, expected: RegExp][] = [
    [
      'one of its volumes must be kept',
      { volumes: [volume('due'), volume('never', true, 'logs-es-1')] },
      /class of claim logs-es-1 of pod es-1 forbids recovery/,
    ],
    ['recovery is off', { mode: 'off' }, /switched off for the whole cluster/],
    ['nobody would make it again', { isOfSet: false }, /no StatefulSet would make pod es-1/],
    ['it is ready', { isReady: true }, /pod es-1 is ready, so its node is not lost/],
    [
      'it is the only member',
      { others: { expected: 0, ready: 0, unready: [] } },
      /only member, so the data would be lost for ever. To give it up all the same: kubectl -n shop annotate pvc data-es-1 csi.storage.io\/confirm-data-loss=uid-of-data-es-1/,
    ],
    [
      'another member is not ready',
      { others: { expected: 2, ready: 1, unready: ['es-2'] } },
      /only 1 of 2 other members are ready \(not es-2\)/,
    ],
    [
      'another member does not exist at the moment',
      { others: { expected: 2, ready: 1, unready: [] } },
      /only 1 of 2 other members are ready\./,
    ],
  ];
  it.each(refusals)('refuses when %s', (_name, changes, expected) => {
    expect(said(changes)).toMatch(expected);
  });

  it('obeys a confirmation about members, and about nothing else', () => {
    const volumes = [volume('due', true)];
    expect(said({ volumes, others: { expected: 0, ready: 0, unready: [] } })).toBe('act');
    expect(said({ volumes, others: { expected: 2, ready: 0, unready: [] } })).toBe('act');
    expect(said({ volumes, mode: 'off' })).toMatch(/switched off/);
    expect(said({ volumes, isOfSet: false })).toMatch(/no StatefulSet/);
    expect(said({ volumes, isReady: true })).toMatch(/is ready/);
    expect(said({ volumes: [volume('wait', true)] })).toBe('wait');
  });

  it('needs a confirmation for each of the volumes', () => {
    const volumes = [volume('due', true), volume('due', false, 'logs-es-1')];
    const sentence = said({ volumes, others: { expected: 0, ready: 0, unready: [] } });
    expect(sentence).toContain('annotate pvc logs-es-1');
    expect(sentence).not.toContain('annotate pvc data-es-1');
  });

  it('acts only when every fact allows it: all combinations', () => {
    const both = [true, false];
    const all = combinations({
      mode: ['on', 'dry-run', 'off'] as const,
      due: ['never', 'mark', 'wait', 'due'] as const,
      isOfSet: both,
      isReady: both,
      isPlanned: both,
      isConfirmed: both,
      expected: [0, 1, 2],
      ready: [0, 1, 2],
    }).filter(({ expected, ready }) => ready <= expected);
    expect(all).toHaveLength(3 * 4 * 16 * 6);
    for (const { mode, due, isOfSet, isReady, isPlanned, isConfirmed, expected, ready } of all) {
      const volumes = [volume(due, isConfirmed)];
      const decision = decideRecovery(
        facts({ mode, isOfSet, isReady, isPlanned, volumes, others: { expected, ready, unready: [] } }),
      );
      const isSafe = isConfirmed || (expected > 0 && ready === expected);
      const mayAct = mode !== 'off' && due === 'due' && isOfSet && (isPlanned || !isReady) && isSafe;
      expect(decision).toMatchObject(mayAct ? { kind: 'act', dryRun: mode === 'dry-run' } : {});
      expect(decision.kind === 'act').toBe(mayAct);
    }
  });
});

/** Every way to choose one of the values for each key. */
const combinations = <T extends object>(choices: { readonly [K in keyof T]: readonly T[K][] }): readonly T[] =>
  Object.entries<readonly unknown[]>(choices).reduce<readonly object[]>(
    (chosen, [key, values]) => chosen.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  ) as readonly T[];

describe('the other members of a cluster', () => {
  const NOBODY: ReadonlySet<string> = new Set();
  const set = (name: string, replicas: number, cluster?: string): StatefulSet => ({
    metadata: { name, uid: name },
    spec: {
      replicas,
      serviceName: name,
      selector: {},
      template: { metadata: { labels: cluster === undefined ? {} : { 'es-cluster-name': cluster } } },
    },
  });
  const pod = (name: string, owner: string, ready = true, cluster?: string): Pod => ({
    metadata: {
      name,
      uid: name,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: owner, uid: owner, controller: true }],
      ...(cluster !== undefined && { labels: { 'es-cluster-name': cluster } }),
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });

  it('are those of its set, counted from what there should be', () => {
    const pods = [pod('es-0', 'es', false), pod('es-1', 'es')];
    expect(otherMembersOf(pod('es-0', 'es', false), { pods, sets: [set('es', 3)], going: NOBODY })).toEqual({
      expected: 2,
      ready: 1,
      unready: [],
    });
  });

  it('are also those of other sets with the same cluster label, and not those of other clusters', () => {
    const sets = [set('data', 2, 'logs'), set('master', 3, 'logs'), set('web', 5, 'web')];
    const me = pod('data-0', 'data', false, 'logs');
    const pods = [
      me,
      pod('data-1', 'data', true, 'logs'),
      pod('master-0', 'master', true, 'logs'),
      pod('master-1', 'master', false, 'logs'),
      pod('web-0', 'web', true, 'web'),
    ];
    expect(otherMembersOf(me, { pods, sets, going: NOBODY })).toEqual({ expected: 4, ready: 2, unready: ['master-1'] });
  });

  it('are not made up for by a member too many in another set', () => {
    const sets = [set('data', 2, 'logs'), set('master', 1, 'logs')];
    const me = pod('data-0', 'data', false, 'logs');
    const pods = [me, pod('master-0', 'master', true, 'logs'), pod('master-1', 'master', true, 'logs')];
    expect(otherMembersOf(me, { pods, sets, going: NOBODY })).toEqual({ expected: 2, ready: 1, unready: [] });
  });

  it('that are decided to go are not ready, though they still are', () => {
    const pods = [pod('es-1', 'es'), pod('es-2', 'es')];
    const others = otherMembersOf(pod('es-0', 'es'), { pods, sets: [set('es', 3)], going: new Set(['es-2']) });
    expect(others).toEqual({ expected: 2, ready: 1, unready: ['es-2'] });
  });

  it('that are being deleted are not ready', () => {
    const going = pod('es-1', 'es');
    const pods = [{ ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }];
    expect(otherMembersOf(pod('es-0', 'es'), { pods, sets: [set('es', 2)], going: NOBODY })).toEqual({
      expected: 1,
      ready: 0,
      unready: ['es-1'],
    });
  });
});
