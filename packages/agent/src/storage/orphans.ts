import { toAppError } from '@berth/contract/errors';
import { formatQuantity } from '@berth/contract/quantity';
import type { NodeStorageStatus, Orphan } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import type { EventText } from '@berth/kube/event-recorder';
import { LOGICAL_VOLUMES, VOLUMES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import type { KeyedLock } from '@berth/runtime/keyed-lock';
import type { Lvm } from '../lvm/command.ts';
import { findVolume, removeVolume } from '../lvm/logical-volume.ts';
import { readReport, type VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { findMountsOfDevice, readAllMounts } from '../mount/mount-table.ts';

/** Whether an object stands for the volume of this name; undefined as long as the objects have not been listed. */
export type IsKnown = (name: string) => boolean | undefined;

/**
 * Volumes of ours in a group without an object, each with the time since when. While the objects are not known, those that were
 * orphans before still are, and no others.
 */
export const findOrphans = (
  group: VolumeGroup,
  facts: { readonly isKnown: IsKnown; readonly previous: NodeStorageStatus | undefined; readonly now: Date },
): Orphan[] => {
  const before = new Map(orphansOf(facts.previous).map((orphan) => [orphan.name, orphan.since]));
  return group.logicalVolumes
    .filter(({ name, tags }) => tags.includes(OWNER_TAG) && !(facts.isKnown(name) ?? !before.has(name)))
    .map(({ name, takenBytes }) => ({
      name,
      size: formatQuantity(takenBytes),
      since: before.get(name) ?? facts.now.toISOString(),
    }));
};

const orphansOf = (status: NodeStorageStatus | undefined): Orphan[] =>
  (status?.groups ?? []).flatMap(({ orphans }) => orphans ?? []);

export interface RemovalContext {
  readonly client: KubeClient;
  readonly lvm: Lvm;
  readonly locks: KeyedLock;
  readonly procDir: string;
  readonly clock: Clock;
  readonly previous: NodeStorageStatus | undefined;
  readonly signal: AbortSignal;
}

/** An object that is restored or made again by hand needs some time. */
const ORPHAN_MS = 10 * 60_000;

/**
 * Removes the orphans that an operator has named, with their data. Each must have been reported for a while, and the API server
 * must say now that no object stands for it. Returns for each what became of it.
 */
export const removeOrphans = async (names: readonly string[], context: RemovalContext): Promise<EventText[]> => {
  const events: EventText[] = [];
  for (const name of names) {
    const removal = context.locks.run(name, () => removeOrphan(name, context));
    const obstacle = await removal.catch((thrown: unknown) => toAppError(thrown).message);
    events.push(
      obstacle === undefined
        ? { type: 'Normal', reason: 'OrphanRemoved', message: `the orphan ${name} was removed as asked for` }
        : { type: 'Warning', reason: 'OrphanKept', message: `the orphan ${name} was not removed: ${obstacle}` },
    );
  }
  return events;
};

const removeOrphan = async (name: string, context: RemovalContext): Promise<string | undefined> => {
  const { client, lvm, clock, previous, signal } = context;
  const orphan = orphansOf(previous).find((each) => each.name === name);
  if (orphan === undefined) return 'it has not been reported as an orphan';
  if (clock.now().getTime() - Date.parse(orphan.since) < ORPHAN_MS) {
    return `it has been an orphan only since ${orphan.since}; ask again ten minutes later`;
  }
  if ((await client.get(LOGICAL_VOLUMES, { name }, signal)) !== undefined) return 'a LogicalVolume stands for it';
  if ((await client.get(VOLUMES, { name }, signal)) !== undefined) return 'a PersistentVolume stands for it';
  const volume = findVolume(await readReport(lvm, signal), name);
  if (volume === undefined) return 'it is gone already';
  const mounts = findMountsOfDevice(await readAllMounts(context.procDir), volume.device ?? '');
  if (mounts.length > 0) return `it is mounted at ${mounts.map(({ mountPoint }) => mountPoint).join(', ')}`;
  await removeVolume(lvm, name, signal);
  return undefined;
};
