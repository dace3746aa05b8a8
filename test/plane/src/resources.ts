import type { ObjectMeta } from '@berth/contract/resources/object';
import type { Resource } from '@berth/kube/resources';

interface Named {
  readonly metadata: ObjectMeta & { readonly name: string };
}

interface CsiNode extends Named {
  readonly spec: {
    readonly drivers: readonly { readonly name: string; readonly nodeID: string; readonly topologyKeys: string[] }[];
  };
}

/** What only kubelets write. */
export const CSI_NODES: Resource<CsiNode> = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csinodes',
  kind: 'CSINode',
  namespaced: false,
};

export const NAMESPACES: Resource<Named> = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
