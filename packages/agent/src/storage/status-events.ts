import type { DiskStatus, NodeStorageStatus, RemovalStatus } from '@berth/contract/resources/node-storage';
import type { EventText } from '@berth/kube/event-recorder';
import { failureOf, isFailing } from '../health/disk-health.ts';

/** What is worth telling about the difference of two statuses: disks that come and go, and what stopped working. */
export const eventsBetween = (before: NodeStorageStatus | undefined, after: NodeStorageStatus): EventText[] => {
  const old = new Map((before?.disks ?? []).map((disk) => [disk.identity.value, disk]));
  const disks = (after.disks ?? []).flatMap((disk) => {
    const previous = old.get(disk.identity.value);
    return [...diskEvent(previous, disk), ...healthEvent(previous, disk)];
  });
  const wasFalse = new Set(
    (before?.conditions ?? []).filter(({ status }) => status === 'False').map(({ type }) => type),
  );
  const conditions = (after.conditions ?? [])
    .filter(({ type, status }) => status === 'False' && !wasFalse.has(type))
    .map(({ reason, message }): EventText => ({ type: 'Warning', reason, message }));
  return [...disks, ...removalEvents(before, after), ...orphanEvents(before, after), ...conditions];
};

const orphanEvents = (before: NodeStorageStatus | undefined, after: NodeStorageStatus): EventText[] => {
  const old = new Set((before?.groups ?? []).flatMap(({ orphans = [] }) => orphans.map(({ name }) => name)));
  return (after.groups ?? []).flatMap((group) =>
    (group.orphans ?? [])
      .filter(({ name }) => !old.has(name))
      .map(({ name, size }): EventText => {
        const message = `no object stands for the logical volume ${group.name}/${name} (${size}); it is kept until its name is in spec.removeOrphans`;
        return { type: 'Warning', reason: 'OrphanFound', message };
      }),
  );
};

const removalEvents = (before: NodeStorageStatus | undefined, after: NodeStorageStatus): EventText[] => {
  const old = before?.removals ?? [];
  const now = after.removals ?? [];
  const changed = now.filter(({ disk, phase }) => old.find((each) => each.disk === disk)?.phase !== phase);
  const withdrawn = old.filter(({ disk, phase }) => phase !== 'Removed' && !now.some((each) => each.disk === disk));
  return [
    ...changed.map(removalEvent),
    ...withdrawn.map(
      ({ disk }): EventText => ({
        type: 'Normal',
        reason: 'DiskRemovalWithdrawn',
        message: `the disk ${disk} is not to leave any more; what was moved already stays where it is`,
      }),
    ),
  ];
};

const removalEvent = ({ disk, phase, message }: RemovalStatus): EventText => {
  if (phase === 'Blocked') {
    return {
      type: 'Warning',
      reason: 'DiskRemovalBlocked',
      message: `the disk ${disk} can not be removed: ${message}`,
    };
  }
  if (phase === 'Moving') {
    return { type: 'Normal', reason: 'DiskRemovalStarted', message: `the disk ${disk} is being emptied: ${message}` };
  }
  return { type: 'Normal', reason: 'DiskRemoved', message: `the disk ${disk} was removed: ${message}` };
};

const diskEvent = (before: DiskStatus | undefined, { state, identity, volumeGroup, path }: DiskStatus): EventText[] => {
  if (before?.state === state) return [];
  const disk = `the disk ${identity.value} (${path})`;
  if (state === 'Missing') {
    return [{ type: 'Warning', reason: 'DiskMissing', message: `${disk} is not there; nothing is moved or removed` }];
  }
  if (before?.state === 'Missing') return [{ type: 'Normal', reason: 'DiskBack', message: `${disk} is back` }];
  if (state !== 'Adopted') return [];
  return [{ type: 'Normal', reason: 'DiskTaken', message: `${disk} was taken into the volume group ${volumeGroup}` }];
};

const healthEvent = (before: DiskStatus | undefined, disk: DiskStatus): EventText[] => {
  if (!isFailing(disk) || (before !== undefined && isFailing(before))) return [];
  const message = `the disk ${disk.identity.value} (${disk.path}) is failing: ${failureOf(disk)}; nothing is moved or removed`;
  return [{ type: 'Warning', reason: 'DiskFailing', message }];
};
