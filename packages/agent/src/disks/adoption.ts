import { formatBytes } from '@berth/contract/quantity';
import type { IdentifiedDisk } from './identity.ts';

/** What probing a disk's content showed. */
export type Content =
  | { readonly kind: 'blank' }
  | {
      readonly kind: 'signatures';
      readonly found: string;
      /** What blkid says of the one signature it is sure of; empty when there is none such. */
      readonly fields: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What is known about a disk that is not in one of our groups. */
export interface AdoptionFacts {
  readonly disk: IdentifiedDisk;
  /** Undefined while it has not been read; whoever adopts reads it. */
  readonly content: Content | undefined;
  readonly holders: readonly string[];
  /** Mount points in any mount namespace. */
  readonly mountPoints: readonly string[];
  readonly swap: boolean;
  readonly multipath: boolean;
  /** Undefined when nobody else has the device open exclusively. */
  readonly busy: string | undefined;
  /** Logical sector size of the group it would join, undefined when there is no group yet. */
  readonly groupSectorBytes: number | undefined;
}

export type Adoption = 'adopt' | { readonly reason: string };

/** Smaller devices are boot media and vendors' configuration disks. */
const SMALLEST_BYTES = 256 * 1024 ** 2;

type Check = (facts: AdoptionFacts) => string | false | undefined;

/** What it is called is not known either then, so that its physical volume would have another disk's identity. */
export const PENDING = 'udev has not dealt with it yet';

/** Who uses the disk, and whether it is one at all: what must hold before anything on it may change. */
const USE_CHECKS: readonly Check[] = [
  ({ disk: { device } }) => device.pending && PENDING,
  ({ disk: { device } }) => device.type !== 'disk' && `it is a ${device.type}, not a whole disk`,
  ({ disk: { device } }) => device.readOnly && 'it is read-only',
  ({ disk: { device } }) => device.removable && 'it is removable',
  ({ disk: { device } }) =>
    device.sizeBytes < SMALLEST_BYTES &&
    `it has ${formatBytes(device.sizeBytes)}, less than ${formatBytes(SMALLEST_BYTES)}`,
  ({ multipath }) => multipath && 'it is one path of a multipath device',
  ({ mountPoints }) => mountPoints.length > 0 && `it is mounted at ${mountPoints.join(', ')}`,
  ({ swap }) => swap && 'it is used as swap',
  ({ holders }) => holders.length > 0 && `it is held by ${holders.join(', ')}`,
  ({ disk }) =>
    disk.link === undefined &&
    'nothing tells it from other disks for certain: no unique World Wide Name, serial number or slot',
];

/** What is on the disk. */
const CONTENT_CHECKS: readonly Check[] = [
  ({ disk: { device } }) =>
    device.partitionTable !== undefined && `it has a partition table (${device.partitionTable})`,
  ({ disk: { device } }) => device.children.some((child) => child.type === 'part') && 'it has partitions',
  ({ disk: { device } }) => device.fileSystem !== undefined && `it carries ${device.fileSystem}`,
  ({ content }) =>
    content?.kind === 'signatures' && `it carries ${content.found}; ask for it in spec.wipe if it may be wiped`,
  ({ content }) => content?.kind === 'unknown' && `what is on it can't be told: ${content.reason}`,
];

/** The kernel's word on whether anybody, also of its partitions, has it open for himself. */
const BUSY_CHECK: Check = ({ busy }) => busy;

const SECTOR_CHECK: Check = ({ disk: { device }, groupSectorBytes }) =>
  groupSectorBytes !== undefined &&
  device.sectorBytes !== groupSectorBytes &&
  `its sectors have ${device.sectorBytes} bytes, those of its volume group ${groupSectorBytes}`;

/** Whether a disk may be taken: only when every check passes. The reason is a sentence's part that follows "not taken: ". */
export const judgeDisk = (facts: AdoptionFacts): Adoption => {
  const reason = firstReason([...USE_CHECKS, ...CONTENT_CHECKS, BUSY_CHECK, SECTOR_CHECK], facts);
  return reason === undefined ? 'adopt' : { reason };
};

/** Why a disk may not be wiped although an operator asks for it: somebody uses it. Undefined when it may. */
export const findWipeObstacle = (facts: AdoptionFacts): string | undefined =>
  firstReason([...USE_CHECKS, BUSY_CHECK], facts);

const firstReason = (checks: readonly Check[], facts: AdoptionFacts): string | undefined => {
  for (const check of checks) {
    const reason = check(facts);
    if (typeof reason === 'string') return reason;
  }
  return undefined;
};
