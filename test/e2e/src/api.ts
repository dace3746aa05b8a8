import type { Bed } from '@berth/bed/bed';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';

interface Meta {
  readonly name: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

export interface PodObject {
  readonly metadata: Meta;
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    }[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly { readonly ready: boolean }[] };
}

export interface ClaimObject {
  readonly metadata: Meta;
  readonly spec: {
    readonly volumeName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
  readonly status?: { readonly capacity?: { readonly storage: string } };
}

export interface PersistentVolumeObject {
  readonly metadata: Meta;
  readonly spec: {
    readonly nodeAffinity?: {
      readonly required: {
        readonly nodeSelectorTerms: readonly {
          readonly matchExpressions: readonly { readonly values: readonly string[] }[];
        }[];
      };
    };
  };
}

export interface NodeObject {
  readonly metadata: Meta;
}

export interface EventObject {
  readonly reason: string;
  readonly message: string;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

/** The kinds of object that the tests read. */
interface Kinds {
  pods: PodObject;
  persistentvolumeclaims: ClaimObject;
  persistentvolumes: PersistentVolumeObject;
  nodes: NodeObject;
  csinodes: {
    readonly metadata: Meta;
    readonly spec: { readonly drivers?: readonly { readonly name: string; readonly nodeID: string }[] | null };
  };
  nodestorages: NodeStorage;
  logicalvolumes: LogicalVolume;
  volumerecoveries: VolumeRecovery;
  events: EventObject;
}

/** All objects of a kind that the further arguments of `kubectl get` select. */
export const list = async <K extends keyof Kinds>(
  bed: Bed,
  kind: K,
  ...args: string[]
): Promise<readonly Kinds[K][]> => {
  const text = await bed.kubectl(['get', kind, '-o', 'json', ...args]);
  return (JSON.parse(text) as { items: Kinds[K][] }).items;
};

export const isRunning = (pod: PodObject): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.phase === 'Running' &&
  (pod.status.containerStatuses?.every(({ ready }) => ready) ?? false);
