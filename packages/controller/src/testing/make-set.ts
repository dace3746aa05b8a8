import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, LOGICAL_VOLUMES, PODS, STATEFUL_SETS } from '@berth/kube/resources';
import { aLogicalVolume } from './builders.ts';

export interface SetOptions {
  readonly name: string;
  /** What the names of its volumes begin with. */
  readonly volumes: string;
  /** Where its members are, in their order. */
  readonly nodeNames: readonly string[];
  /** Labels of its pods. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A StatefulSet in the namespace shop whose members are ready, each with a bound claim and its volume. */
export const makeSet = async (api: KubeClient, { name, volumes, nodeNames, labels = {} }: SetOptions) => {
  const set = await api.create(STATEFUL_SETS, {
    metadata: { namespace: 'shop', name },
    spec: { replicas: nodeNames.length, serviceName: name, selector: {}, template: { metadata: { labels } } },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: set.metadata?.uid ?? '', controller: true };
  /** On the node of its number, or waiting for one. */
  const makePod = (index: number, ready: string, isScheduled = true) =>
    api.create(PODS, {
      metadata: { namespace: 'shop', name: `${name}-${index}`, labels, ownerReferences: [owner] },
      spec: {
        ...(isScheduled && { nodeName: nodeNames[index] ?? '' }),
        containers: [],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${name}-${index}` } }],
      },
      status: { conditions: [{ type: 'Ready', status: ready }] },
    });
  const makeClaim = (index: number) =>
    api.create(CLAIMS, {
      metadata: { namespace: 'shop', name: `data-${name}-${index}` },
      spec: { storageClassName: 'fast', volumeName: `${volumes}-${index}` },
    });
  for (const [index, nodeName] of nodeNames.entries()) {
    const { metadata } = await makeClaim(index);
    await makePod(index, 'True');
    const { spec } = aLogicalVolume({ nodeName });
    const claim = { namespace: 'shop', name: `data-${name}-${index}`, uid: metadata?.uid ?? '' };
    await api.create(LOGICAL_VOLUMES, { metadata: { name: `${volumes}-${index}` }, spec: { ...spec, claim } });
  }
  return { makePod, makeClaim };
};
