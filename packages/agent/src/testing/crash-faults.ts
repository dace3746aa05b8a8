import { REASON_OUT_OF_CAPACITY } from '@berth/contract/condition-types';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { WipePolicy } from '@berth/contract/volume-request';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { NEW_TAG } from '../lvm/tags.ts';
import { filesystemUuid } from '../mount/filesystem-uuid.ts';
import { type PodVolume, podPath, stagingPath } from './fake-kubelet.ts';
import type { FakeMachine } from './fake-machine.ts';
import { EXTENT, type FakeLv } from './machine-state.ts';

/** A volume that was asked for, and what must be true of it. */
export interface Kept {
  readonly volume: PodVolume;
  /** What a pod has written and flushed. */
  readonly files: Record<string, string>;
  readonly wipePolicy: WipePolicy | undefined;
  isRemoved: boolean;
}

interface Place {
  readonly directory: string;
  readonly machine: FakeMachine;
  readonly api: FakeKubeClient;
  readonly kept: readonly Kept[];
}

/** What is wrong on a node where everything has come to rest, as sentences; empty when nothing is. */
export const findFaults = async ({ directory, machine, api, kept }: Place): Promise<string[]> => {
  const { state } = machine;
  const objects = (await api.list(LOGICAL_VOLUMES)).items;
  const volumes = state.groups.flatMap(({ lvs }) => lvs);
  const faults = kept.flatMap((each) => {
    const { name } = each.volume;
    const mine = volumes.filter((lv) => lv.name === name);
    const object = objects.find(({ metadata }) => metadata.name === name);
    const removed = state.removed.filter((lv) => lv.name === name);
    return each.isRemoved
      ? faultsOfRemoved(each, { object, volumes: mine, removed })
      : [...faultsOfKept(each, { object, volumes: mine }), ...faultsOfMounts(each, directory, machine, mine[0])];
  });
  const known = new Set(kept.map(({ volume }) => volume.name));
  for (const lv of volumes) if (!known.has(lv.name)) faults.push(`${lv.name} is on the disk and nobody asked for it`);
  for (const lv of [...volumes, ...state.removed]) {
    if ((lv.formats ?? 0) > 1) faults.push(`${lv.name} was formatted ${lv.formats} times`);
  }
  return faults;
};

interface Found {
  readonly object: LogicalVolume | undefined;
  readonly volumes: readonly FakeLv[];
}

const faultsOfRemoved = (
  { volume: { name }, wipePolicy }: Kept,
  { object, volumes, removed }: Found & { readonly removed: readonly FakeLv[] },
): string[] => {
  const faults: string[] = [];
  if (object !== undefined) faults.push(`the object of ${name} is still there: ${JSON.stringify(object.status)}`);
  if (volumes.length > 0) faults.push(`${name} was leaked on the disk`);
  for (const { wipedBytes = 0, extents } of removed) {
    const isToBeWiped = wipePolicy !== undefined && wipePolicy !== 'none';
    if (isToBeWiped && wipedBytes < extents * EXTENT) faults.push(`${name} was removed with ${wipedBytes} bytes wiped`);
  }
  return faults;
};

const faultsOfKept = (kept: Kept, { object, volumes }: Found): string[] => {
  const { name } = kept.volume;
  if (object === undefined) return [`the object of ${name} is gone`];
  const { phase } = object.status ?? {};
  if (phase === 'Failed') return volumes.length > 0 ? [`${name} has failed and is on the disk`] : [];
  const [lv, other] = volumes;
  if (lv === undefined || other !== undefined || phase !== 'Ready') {
    return [`there are ${volumes.length} volumes ${name}, and its phase is ${phase}`];
  }
  return [...faultsOfSize(lv, object), ...(kept.volume.used ? faultsOfContent(kept, lv) : [])];
};

const faultsOfSize = (lv: FakeLv, { spec, status }: LogicalVolume): string[] => {
  const { name, extents, deviceExtents = extents } = lv;
  const bytes = extents * EXTENT;
  const isFull = status?.conditions?.some(({ reason }) => reason === REASON_OUT_OF_CAPACITY) ?? false;
  const faults: string[] = [];
  if (parseQuantity(status?.size ?? '0') !== bytes) faults.push(`${name} has ${bytes} bytes and says ${status?.size}`);
  if (!isFull && bytes < parseQuantity(spec.size)) faults.push(`${name} has not grown to ${spec.size}`);
  if (deviceExtents !== extents) faults.push(`the device of ${name} lags behind`);
  return faults;
};

const faultsOfContent = ({ volume: { fsType }, files }: Kept, { name, content, tags, extents }: FakeLv): string[] => {
  if (content?.kind !== 'filesystem' || content.type !== fsType || content.uuid !== filesystemUuid(name)) {
    return [`${name} carries ${JSON.stringify(content)}`];
  }
  const faults: string[] = [];
  if (content.inProgress || tags.includes(NEW_TAG)) faults.push(`the file system of ${name} is not finished`);
  if (content.extents !== extents) faults.push(`the file system of ${name} has ${content.extents} extents`);
  for (const file of Object.keys(files)) if (!content.files?.[file]) faults.push(`${name} has lost its file ${file}`);
  return faults;
};

/** Mounted once where it is staged and once where the pod looks, or nowhere. */
const faultsOfMounts = (
  { volume: { name, used } }: Kept,
  directory: string,
  { state }: FakeMachine,
  lv: FakeLv | undefined,
): string[] => {
  const isWanted = used && lv !== undefined;
  return [stagingPath(directory, name), podPath(directory, name)].flatMap((path) => {
    const mounts = state.mounts.filter(({ target }) => target === path);
    const rightOnes = mounts.filter(({ device }) => device === `253:${lv?.minor}`);
    const expected = isWanted ? 1 : 0;
    return mounts.length === expected && rightOnes.length === expected
      ? []
      : [`${name} is mounted ${mounts.length} times at ${path}, not ${expected}`];
  });
};
