import type { Bed } from '@berth/bed/bed';
import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { list, type PersistentVolumeObject } from './api.ts';
import { logicalVolumes, nodeOf } from './volume-facts.ts';

/** What each node says can still be allocated, by node and volume group, as quantities. */
export const readAllocatable = async (
  bed: Bed,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> => {
  const storages = await list(bed, 'nodestorages');
  return Object.fromEntries(storages.map(({ metadata, status }) => [metadata.name, status?.allocatable ?? {}]));
};

/** What a node's agent says of its disks and groups; undefined when it has not said anything. */
export const readNodeStorage = async (bed: Bed, node: string): Promise<NodeStorageStatus | undefined> =>
  (await list(bed, 'nodestorages')).find(({ metadata }) => metadata.name === node)?.status;

/** What is left of volumes on these nodes: objects in the API and logical volumes on disk. Empty when deletion was complete. */
export const readLeftovers = async ({ bed, nodes }: { bed: Bed; nodes: readonly string[] }): Promise<string[]> => {
  const [objects, volumes, onDisk] = await Promise.all([
    list(bed, 'logicalvolumes'),
    list(bed, 'persistentvolumes'),
    Promise.all(
      nodes.map(async (name) =>
        (await logicalVolumes(nodeOf(bed, name))).map(
          (row) => `logical volume ${row.vg_name}/${row.lv_name} on ${name}`,
        ),
      ),
    ),
  ]);
  return [
    ...objects
      .filter(({ spec }) => nodes.includes(spec.nodeName))
      .map(({ metadata }) => `LogicalVolume ${metadata.name}`),
    ...volumes
      .filter((volume) => nodes.includes(nodeOfVolume(volume)))
      .map(({ metadata }) => `PersistentVolume ${metadata.name}`),
    ...onDisk.flat(),
  ];
};

/** The one node that a persistent volume of ours names. */
const nodeOfVolume = ({ spec }: PersistentVolumeObject): string =>
  spec.nodeAffinity?.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values[0] ?? '';
