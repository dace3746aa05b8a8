import { describe, expect, it } from 'vitest';
import { applicationOf, rackOf } from './topology.ts';

describe('where a node stands', () => {
  it('is said by the first rack label that is present', () => {
    expect(rackOf({ 'topology.kubernetes.io/zone': 'z', 'esaas.hosts.rack': 'r7' })).toBe('r7');
    expect(rackOf({ 'topology.kubernetes.io/rack': '', 'topology.kubernetes.io/zone': 'z' })).toBe('z');
    expect(rackOf({ other: 'x' })).toBeUndefined();
    expect(rackOf(undefined)).toBeUndefined();
  });
});

describe('the application cluster of a pod', () => {
  it('comes with its role', () => {
    expect(applicationOf({ 'es-cluster-name': 'logs', role: 'data' })).toEqual({ cluster: 'logs', role: 'data' });
    expect(applicationOf({ 'app.kubernetes.io/instance': 'web' })).toEqual({ cluster: 'web' });
    expect(applicationOf({})).toBeUndefined();
  });

  it('is the operator’s cluster rather than a generic instance label', () => {
    const labels = { 'app.kubernetes.io/instance': 'x', 'elasticsearch.k8s.elastic.co/cluster-name': 'prod' };
    expect(applicationOf(labels)?.cluster).toBe('prod');
  });
});
