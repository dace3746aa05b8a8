import type { Bed } from '@berth/bed/bed';
import { list } from './api.ts';
import { logicalVolumes } from './volume-facts.ts';

/** What each node says can still be allocated, by node and volume group, as quantities. */
export const readAllocatable = async (
  bed: Bed,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> => {
  const storages = await list(bed, 'nodestorages');
  return Object.fromEntries(storages.map(({ metadata, status }) => [metadata.name, status?.allocatable ?? {}]));
};

/** What is left of volumes anywhere: objects in the API and logical volumes in the nodes. Empty when deletion was complete. */
export const readLeftovers = async (bed: Bed): Promise<string[]> => {
  const [objects, volumes, onDisk] = await Promise.all([
    list(bed, 'logicalvolumes'),
    list(bed, 'persistentvolumes'),
    Promise.all(
      [...bed.nodes.values()].map(async (node) =>
        (await logicalVolumes(node)).map((row) => `logical volume ${row.vg_name}/${row.lv_name} on ${node.name}`),
      ),
    ),
  ]);
  return [
    ...objects.map(({ metadata }) => `LogicalVolume ${metadata.name}`),
    ...volumes.map(({ metadata }) => `PersistentVolume ${metadata.name}`),
    ...onDisk.flat(),
  ];
};
