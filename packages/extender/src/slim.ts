import { SELECTED_NODE_ANNOTATION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { ObjectMeta } from '@berth/contract/resources/object';
import { APPLICATION_LABELS } from '@berth/contract/topology';
import type { Node, PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';

// What the extender keeps of the objects it watches. Everything else, most of all managedFields, images and container
// specifications, would make its memory grow with things it never looks at. A field that is read must be kept here.

/** Name, labels: the rack, and what a node selector asks for. */
export const slimNode = ({ metadata }: Node): Node => ({
  metadata: { ...identityOf(metadata), ...given('labels', metadata?.labels) },
});

/** Groups and conditions; the disks are the operator's to look at. */
export const slimStorage = ({ metadata, status }: NodeStorage): NodeStorage => ({
  metadata: { ...identityOf(metadata), name: metadata.name },
  status: {
    groups: (status?.groups ?? []).map((group) => ({ ...group, physicalVolumes: [] })),
    ...given('conditions', status?.conditions),
  },
});

export const slimVolume = ({ metadata, spec, status }: LogicalVolume): LogicalVolume => ({
  metadata: { ...identityOf(metadata), name: metadata.name, ...given('deletionTimestamp', metadata.deletionTimestamp) },
  spec,
  ...(status && { status: { ...given('phase', status.phase), ...given('size', status.size) } }),
});

export const slimClaim = ({ metadata, spec }: PersistentVolumeClaim): PersistentVolumeClaim => ({
  metadata: {
    ...identityOf(metadata),
    ...given('deletionTimestamp', metadata?.deletionTimestamp),
    ...given('annotations', only([SELECTED_NODE_ANNOTATION], metadata?.annotations)),
    ...given('ownerReferences', metadata?.ownerReferences),
  },
  spec: {
    ...given('storageClassName', spec?.storageClassName),
    ...given('volumeMode', spec?.volumeMode),
    ...given('volumeName', spec?.volumeName),
    ...given('resources', spec?.resources && { requests: only(['storage'], spec.resources.requests) ?? {} }),
  },
});

export const slimClass = ({ metadata, provisioner, parameters }: StorageClass): StorageClass => ({
  metadata: identityOf(metadata),
  provisioner,
  ...given('parameters', parameters),
});

const APPLICATION_KEYS = APPLICATION_LABELS.flatMap(({ cluster, role }) => [cluster, role]);

/** The claims a pod uses, its application, and where it runs. */
export const slimPod = ({ metadata, spec, status }: Pod): Pod => ({
  metadata: { ...identityOf(metadata), ...given('labels', only(APPLICATION_KEYS, metadata?.labels)) },
  spec: {
    containers: [],
    volumes: (spec?.volumes ?? [])
      .filter((volume) => volume.persistentVolumeClaim || volume.ephemeral)
      .map(({ name, persistentVolumeClaim }) =>
        persistentVolumeClaim ? { name, persistentVolumeClaim } : { name, ephemeral: {} },
      ),
    ...given('nodeName', spec?.nodeName),
  },
  ...given('status', status?.phase ? { phase: status.phase } : undefined),
});

const identityOf = (metadata: ObjectMeta | undefined) => ({
  ...given('name', metadata?.name),
  ...given('namespace', metadata?.namespace),
  ...given('uid', metadata?.uid),
  ...given('resourceVersion', metadata?.resourceVersion),
});

/** The field with its value, or no field. */
const given = <K extends string, V>(key: K, value: V): { [key in K]?: NonNullable<V> } =>
  (value ? { [key]: value } : {}) as { [key in K]?: NonNullable<V> };

/** Those of the given keys that are present; undefined when none is. */
const only = (
  keys: readonly string[],
  values: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined => {
  const kept = keys.filter((key) => values?.[key] !== undefined).map((key) => [key, values?.[key] ?? '']);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
};
