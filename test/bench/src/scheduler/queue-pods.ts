import { claim, pod } from '@berth/extender/testing/fixture';
import { CLAIMS, PODS } from '@berth/kube/resources';
import type { Pod } from '@berth/kube/types';
import type { Bare } from '../control-plane/control-plane.ts';
import { inParallel } from '../control-plane/furnish.ts';

/** Pods of this prefix, each with two claims or with none, for kube-scheduler to find waiting. */
export const queuePods = async (
  { client }: Bare,
  wanted: { readonly prefix: string; readonly count: number; readonly withClaims: boolean },
): Promise<void> => {
  await inParallel([...Array(wanted.count).keys()], async (index) => {
    const name = `${wanted.prefix}-${index}`;
    const claims = wanted.withClaims ? [`${name}-data`, `${name}-log`] : [];
    for (const each of claims) {
      const { spec } = claim(each, { gib: 1 });
      await client.create(CLAIMS, {
        metadata: { name: each, namespace: 'default' },
        spec: { ...spec, accessModes: ['ReadWriteOnce'] },
      });
    }
    await client.create(PODS, waitingPod(name, { claims, index }));
  });
};

/**
 * Nobody says that the nodes are there, so it tolerates that they are not. No pod asks for the same as another: from 1.36 on
 * kube-scheduler decides like pods in one go, but only where no extender is configured.
 */
const waitingPod = (name: string, { claims, index }: { claims: readonly string[]; index: number }): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    ...pod(name, claims).spec,
    automountServiceAccountToken: false,
    tolerations: [{ operator: 'Exists' }],
    containers: [
      { name: 'main', image: 'none', resources: { requests: { cpu: '10m', memory: String(16 * 1024 ** 2 + index) } } },
    ],
  },
});
