import * as z from 'zod';
import { conditionSchema, mediumField, quantityField } from './fields.ts';
import type { ObjectMeta, OwnerReference } from './object.ts';

const identitySchema = z.object({
  value: z.string(),
  tier: z
    .enum(['wwn', 'serial', 'slot', 'none'])
    .meta({ description: 'What the identity was read from, most durable first.' }),
});

const healthSchema = z.object({
  state: z.enum(['Healthy', 'Failing', 'Unknown']).meta({
    description: 'Failing: its group takes no new volumes. Unknown: it can not be asked; that changes nothing.',
  }),
  smart: z.enum(['Passed', 'Failed', 'Unknown']).meta({ description: 'What the disk says of itself.' }),
  reason: z.string().optional().meta({ description: 'Why the disk does not say that it is well, as a sentence.' }),
  ioErrorsAt: z.string().optional().meta({
    format: 'date-time',
    description: 'When the disk was last found to have had many I/O errors within an hour.',
  }),
  reallocatedSectors: z.int().min(0).optional().meta({ description: 'Sectors that the disk has replaced.' }),
  pendingSectors: z.int().min(0).optional().meta({ description: 'Sectors that the disk could not read.' }),
  mediaErrors: z.int().min(0).optional().meta({ description: 'Errors of the medium that an NVMe disk has counted.' }),
  percentageUsed: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Used part of the life that the vendor expects of an NVMe disk; may exceed 100.' }),
});

const diskSchema = z.object({
  identity: identitySchema,
  slot: z.string().optional().meta({ description: 'Link below /dev/disk/by-path.' }),
  path: z.string().meta({ description: 'Kernel name at the time of the report; may change at the next boot.' }),
  model: z.string().optional(),
  medium: mediumField.optional(),
  mediumDecidedBy: z
    .string()
    .optional()
    .meta({ description: 'Which fact decided the medium: transport, rotational flag, or a rule.' }),
  size: quantityField('Size of the disk.'),
  sectorSize: z.int().min(0).meta({ description: 'Logical sector size in bytes.' }),
  state: z.enum(['Adopted', 'HandedOver', 'Available', 'Refused', 'Missing', 'Removed']).meta({
    description:
      'HandedOver: its volume group is one that an operator has handed over. Available: it would be taken if the agent did not only observe. Removed: it is blank and stays so as long as spec.leaving names it; it may be pulled.',
  }),
  volumeGroup: z.string().optional(),
  reason: z.string().optional().meta({ description: 'Why a disk was not taken, as a sentence.' }),
  health: healthSchema.optional().meta({ description: 'What is known of the health of a disk in a volume group.' }),
});

const orphanSchema = z.object({
  name: z.string(),
  size: quantityField('Real size on disk.'),
  since: z.string().meta({ format: 'date-time', description: 'When it was first seen without an object.' }),
});

const groupSchema = z.object({
  name: z.string(),
  medium: mediumField,
  uuid: z.string(),
  extentSize: quantityField('Smallest unit of allocation.'),
  size: quantityField('All extents of the group but those of disks that are to leave.'),
  free: quantityField(
    'Extents that logical volumes can have; less what is still to be moved from disks that are to leave.',
  ),
  foreign: quantityField('Used by volumes that are not ours.'),
  reserve: quantityField('Kept free.'),
  physicalVolumes: z.array(z.string()),
  diskFree: z
    .array(quantityField('Extents that logical volumes can have; none of a disk that is to leave.'))
    .optional()
    .meta({
      description: 'Of each physical volume, in the same order. What lies on several disks needs room on each of them.',
    }),
  orphans: z.array(orphanSchema).optional().meta({
    description: 'Logical volumes of ours that no LogicalVolume object stands for; they are counted as foreign.',
  }),
  busyPercent: z.int().min(0).max(100).optional().meta({
    description:
      'Share of the last minutes in which the busiest disk of the group had work, in steps of ten so that it is seldom written.',
  }),
  problem: z.string().optional().meta({ description: 'Why the group takes no new volumes, as a sentence.' }),
});

const handedOverSchema = z.object({
  medium: mediumField,
  name: z.string(),
  uuid: z.string().optional().meta({
    description: 'The UUID that the group had when it was first usable; by it the group is known from then on.',
  }),
  problem: z.string().optional().meta({ description: 'Why no volumes are made in the group, as a sentence.' }),
});

const removalSchema = z.object({
  disk: z.string().meta({ description: 'Identity of the disk, as in spec.leaving.' }),
  phase: z.enum(['Moving', 'Blocked', 'Removed']).meta({
    description:
      'Moving: its volumes are being moved to other disks. Blocked: the message says why; it is tried again. Removed: it may be pulled.',
  }),
  left: quantityField(
    'What volumes have on it still, rounded up to whole percents of the disk so that it is seldom written.',
  ).optional(),
  message: z.string(),
});

const statusSchema = z.object({
  capacity: z.record(z.string(), z.string()).optional(),
  allocatable: z.record(z.string(), z.string()).optional(),
  groups: z.array(groupSchema).optional(),
  handedOver: z.array(handedOverSchema).optional().meta({
    description: 'Volume groups of an operator that the setting volumeGroups names.',
  }),
  disks: z.array(diskSchema).optional(),
  removals: z.array(removalSchema).optional().meta({ description: 'What became of each disk of spec.leaving.' }),
  conditions: z.array(conditionSchema).optional(),
});

const requestList = (description: string) =>
  z.array(z.string().min(1).max(253)).max(64).optional().meta({ description });

const specSchema = z.object({
  wipe: requestList(
    'Identities of disks whose content is to be wiped, so that they can be taken. The agent takes the list off, then wipes: a request counts once.',
  ),
  forget: requestList(
    'Identities of missing disks that will not come back, and UUIDs of volume groups that others stand for now. The agent takes the list off, then they are no longer reported.',
  ),
  removeOrphans: requestList(
    'Names of orphans whose data is to be removed. The agent takes the list off, then removes those that have been orphans for ten minutes and that neither a LogicalVolume nor a PersistentVolume stands for.',
  ),
  leaving: requestList(
    'Identities of disks that are to be emptied and taken out of their volume groups. It stands until you change it: a disk that is taken off the list before it is removed stays, one that is taken off afterwards is taken again.',
  ),
});

export const nodeStorageSchema = z.object({ spec: specSchema.optional(), status: statusSchema.optional() });

export type DiskStatus = z.infer<typeof diskSchema>;
export type DiskHealth = Readonly<z.infer<typeof healthSchema>>;
export type DiskIdentity = z.infer<typeof identitySchema>;
export type HandedOverStatus = Readonly<z.infer<typeof handedOverSchema>>;
export type RemovalStatus = z.infer<typeof removalSchema>;
export type Orphan = z.infer<typeof orphanSchema>;
export type VolumeGroupStatus = z.infer<typeof groupSchema>;
export type NodeStorageSpec = z.infer<typeof specSchema>;
export type NodeStorageStatus = z.infer<typeof statusSchema>;

/** What one node's disks offer, as its agent reports it. Cluster scope, same name as the Node, owned by it. */
export interface NodeStorage {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta & { name: string; ownerReferences?: OwnerReference[] };
  /** What an operator wants done with the node's disks. */
  spec?: NodeStorageSpec;
  status?: NodeStorageStatus;
}
