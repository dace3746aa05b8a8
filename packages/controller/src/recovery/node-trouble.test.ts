import type { Node } from '@berth/kube/types';
import { describe, expect, it } from 'vitest';
import { dueFor } from './due.ts';
import { type NodeTrouble, troubleOf } from './node-trouble.ts';

const SINCE = '2026-01-01T00:00:00Z';
const sinceMs = Date.parse(SINCE);

/** Cordoned, and with the annotation that asks for its removal. */
const removed = (ready: string, unschedulable = true, annotation = 'true'): Node => ({
  ...node(ready),
  metadata: { name: 'a', annotations: { 'csi.storage.io/remove-node': annotation } },
  spec: { unschedulable },
});

const node = (ready: string | undefined, taints: string[] = []): Node => ({
  metadata: { name: 'a' },
  spec: { taints: taints.map((key) => ({ key, effect: 'NoExecute' })) },
  status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready, lastTransitionTime: SINCE }] },
});

describe('the trouble of a node', () => {
  const cases: readonly [name: string, node: Node | undefined, expected: NodeTrouble][] = [
    ['there is no Node object', undefined, { kind: 'deleted' }],
    ['it is ready', node('True'), { kind: 'none' }],
    ['it has said nothing yet', node(undefined), { kind: 'none' }],
    ['kubelet says it is not ready', node('False'), { kind: 'not-ready', sinceMs }],
    ['kubelet is silent', node('Unknown'), { kind: 'not-ready', sinceMs }],
    ['only tainted as unreachable', node('True', ['node.kubernetes.io/unreachable']), { kind: 'none' }],
    ['somebody asks for its removal', removed('True'), { kind: 'removal', isReady: true }],
    ['somebody asks for the removal of a silent one', removed('Unknown'), { kind: 'removal', isReady: false }],
    ['asked to be removed but not cordoned: pods would come back', removed('True', false), { kind: 'none' }],
    ['the annotation says false', removed('True', true, 'false'), { kind: 'none' }],
    [
      'somebody says that it is out of service',
      node('Unknown', ['node.kubernetes.io/out-of-service']),
      { kind: 'out-of-service' },
    ],
  ];
  it.each(cases)('%s', (_name, given, expected) => {
    expect(troubleOf(given)).toEqual(expected);
  });
});

describe('when a volume is due', () => {
  const times = { deletedGraceMs: 300_000, lostGraceMs: 900_000 };
  const due = (policy: 'none' | 'node-deleted' | 'node-lost', trouble: NodeTrouble, agoMs: number, marked = true) =>
    dueFor({ policy, trouble, times, goneSinceMs: marked ? sinceMs : undefined, nowMs: sinceMs + agoMs }).kind;
  const troubles: readonly NodeTrouble[] = [
    { kind: 'none' },
    { kind: 'deleted' },
    { kind: 'out-of-service' },
    { kind: 'not-ready', sinceMs },
    { kind: 'removal', isReady: true },
  ];
  const at = (policy: 'none' | 'node-deleted' | 'node-lost', agoMs: number) =>
    troubles.map((trouble) => due(policy, trouble, agoMs));

  it('is never without the class asking for it, whatever happened (trap 91)', () => {
    expect(at('none', 10 ** 9)).toEqual(['never', 'never', 'never', 'never', 'never']);
  });

  it('is never for a node that is merely not ready, when the class asks for node-deleted (trap 91)', () => {
    expect(at('node-deleted', 10 ** 9)).toEqual(['never', 'due', 'due', 'never', 'due']);
  });

  it('is after the grace, to the millisecond', () => {
    expect(at('node-deleted', 299_999)).toEqual(['never', 'wait', 'due', 'never', 'due']);
    expect(at('node-deleted', 300_000)).toEqual(['never', 'due', 'due', 'never', 'due']);
    expect(at('node-lost', 899_999)).toEqual(['never', 'due', 'due', 'wait', 'due']);
    expect(at('node-lost', 900_000)).toEqual(['never', 'due', 'due', 'due', 'due']);
  });

  it('starts its grace when the absence was first written down, not before', () => {
    expect(due('node-deleted', { kind: 'deleted' }, 10 ** 9, false)).toBe('mark');
  });
});
