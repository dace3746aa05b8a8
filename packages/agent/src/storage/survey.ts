import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { AdoptionFacts } from '../disks/adoption.ts';
import { gatherFacts, readSwaps } from '../disks/adoption-facts.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import { readDisks } from '../disks/inventory.ts';
import { decideMedium, type MediumDecision } from '../disks/medium.ts';
import type { Labels, MediumRule } from '../disks/medium-rules.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { readAllMounts } from '../mount/mount-table.ts';
import { type DiskPlace, findPlace } from './disk-place.ts';
import { judgeHandedOver } from './handed-over.ts';
import type { VolumeGroups } from './volume-groups.ts';

export interface SurveyOptions {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly nodeName: string;
  readonly sysDir: string;
  readonly devDir: string;
  readonly udevDir: string;
  readonly procDir: string;
  readonly mediumRules: readonly MediumRule[];
  readonly volumeGroups: VolumeGroups;
}

/** What the disks are judged by beside what the node itself shows. */
export interface SurveyBackground {
  /** Labels of the node, where a rule asks for them. */
  readonly nodeLabels: Labels;
  /** What the node said last. */
  readonly previous: NodeStorageStatus | undefined;
  /** Identities and UUIDs that an operator wants forgotten. */
  readonly forget: readonly string[];
}

/** A disk with where LVM has it; nothing in here has been judged. */
export interface SurveyedDisk extends IdentifiedDisk {
  readonly medium: MediumDecision;
  readonly place: DiskPlace;
  /** UUIDs that only a physical volume made by this agent on this very disk can have. */
  readonly uuids: readonly string[];
}

/** All that is known of the node's disks at a moment, but for their content. */
export interface Survey {
  readonly disks: readonly SurveyedDisk[];
  readonly report: LvmReport;
  /** What else is known of a disk that is in no group; undefined stands for the sectors of a group that is still to be made. */
  readonly factsOf: (disk: SurveyedDisk, groupSectorBytes: number | undefined) => Promise<AdoptionFacts>;
}

const SETTLE_MS = 30_000;

interface Changed extends Pick<SurveyOptions, 'host' | 'lvm'> {
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

/**
 * To be called when the content of disks, known by their identities, has changed: LVM, and udev whom lsblk asks, still remember
 * what was on them. udev looks by itself at a device that was written to, but not when that was while it was looking already.
 */
export const forgetContents = async (
  identities: readonly string[],
  { host, lvm, survey, signal }: Changed,
): Promise<void> => {
  lvm.forgetReport();
  const names = survey.disks
    .filter(({ identity }) => identities.includes(identity.value))
    .map(({ device }) => device.name);
  const which = ['--subsystem-match=block', ...names.map((name) => `--sysname-match=${name}`)];
  const options = { timeoutMs: SETTLE_MS, signal };
  if (names.length > 0) await host.run(['udevadm', 'trigger', '--action=change', ...which], options);
  await host.run(['udevadm', 'settle', '--timeout=20'], options);
};

/** Looks at the disks; changes nothing. */
export const surveyDisks = async (
  options: SurveyOptions,
  background: SurveyBackground,
  signal: AbortSignal,
): Promise<Survey> => {
  const { lvm, nodeName, procDir, mediumRules } = options;
  const disks = await readDisks({ ...options, signal });
  const report = await readReport(lvm, signal);
  const mounts = await readAllMounts(procDir);
  const swaps = await readSwaps(procDir);
  const handedOver = judgeHandedOver({ ...options, ...background, report }).flatMap(({ group }) => group ?? []);
  const survey = (disk: IdentifiedDisk): SurveyedDisk => {
    const uuids = physicalVolumeUuids(nodeName, `${disk.identity.tier} ${disk.identity.value}`);
    const medium = decideMedium(disk.device, mediumRules, background.nodeLabels);
    return { ...disk, uuids, medium, place: findPlace(disk.device, { report, ownUuids: uuids, handedOver }) };
  };
  return {
    disks: disks.filter(({ device }) => device.type === 'disk').map(survey),
    report,
    factsOf: (disk, groupSectorBytes) => gatherFacts(disk, { ...options, mounts, swaps, groupSectorBytes }),
  };
};
