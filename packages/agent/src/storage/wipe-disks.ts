import type { EventText } from '@berth/kube/event-recorder';
import { findWipeObstacle } from '../disks/adoption.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { forgetContents, type Survey } from './survey.ts';
import type { VolumeGroups } from './volume-groups.ts';

export interface WipeContext {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly volumeGroups: VolumeGroups;
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

const WIPE_MS = 120_000;

/**
 * Wipes the signatures of disks that an operator has named by their identities, unless somebody uses them. Returns for each request
 * what became of it.
 */
export const wipeDisks = async (identities: readonly string[], context: WipeContext): Promise<EventText[]> => {
  const events: EventText[] = [];
  for (const identity of identities) {
    const obstacle = await wipe(identity, context);
    events.push(obstacle === undefined ? wiped(identity) : refuseToWipe(identity, obstacle));
  }
  if (events.some(({ type }) => type === 'Normal')) await forgetContents(identities, context);
  return events;
};

const wiped = (identity: string): EventText => ({
  type: 'Normal',
  reason: 'DiskWiped',
  message: `the disk ${identity} was wiped as asked for`,
});

export const refuseToWipe = (identity: string, obstacle: string): EventText => ({
  type: 'Warning',
  reason: 'WipeRefused',
  message: `the disk ${identity} was not wiped: ${obstacle}`,
});

const wipe = async (identity: string, context: WipeContext): Promise<string | undefined> => {
  const { host, survey, volumeGroups, signal } = context;
  const disk = survey.disks.find((each) => each.identity.tier !== 'none' && each.identity.value === identity);
  if (disk?.link === undefined) return 'no disk of the node has this identity';
  const { place, medium } = disk;
  if (place.kind === 'ours') return `it belongs to our volume group ${place.group.name}`;
  if (place.kind === 'handed-over') return `it belongs to the volume group ${place.group.name}, which is handed over`;
  if (place.kind === 'foreign') return place.reason;
  const theirs = medium.medium && volumeGroups[medium.medium];
  if (theirs !== undefined) {
    return `the setting volumeGroups hands over ${theirs} for ${medium.medium}: disks of that medium are left alone`;
  }
  const obstacle = findWipeObstacle(await survey.factsOf(disk, undefined));
  if (obstacle !== undefined) return obstacle;
  // Without --force: wipefs itself opens the disk for itself alone, and gives up when it can't.
  const result = await host.run(['wipefs', '--all', disk.link], { timeoutMs: WIPE_MS, signal });
  return result.exitCode === 0 ? undefined : `wipefs failed with exit code ${result.exitCode}: ${result.stderr.trim()}`;
};
