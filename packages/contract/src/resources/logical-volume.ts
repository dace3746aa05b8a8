import * as z from 'zod';
import { FEWEST_STRIPES, LAYOUTS, MOST_STRIPES } from '../layout.ts';
import { MOST_MKFS_CHARACTERS } from '../mkfs-options.ts';
import { WIPE_POLICIES } from '../volume-request.ts';
import { conditionSchema, mediumField, quantityField, rules } from './fields.ts';
import type { ObjectMeta } from './object.ts';

const specSchema = z
  .object({
    nodeName: z.string().min(1).max(253).meta({ description: 'The node whose disks hold the volume.' }),
    medium: mediumField,
    size: quantityField('Size asked for; the real size is this rounded up to whole extents.'),
    volumeMode: z.enum(['Filesystem', 'Block']),
    fsType: z.enum(['xfs', 'ext4']).optional().meta({ description: 'File system to make; absent for Block.' }),
    wipePolicy: z.enum(WIPE_POLICIES).optional().meta({
      description:
        'What happens to the data before the volume is removed; absent for none. May be changed at any time.',
    }),
    layout: z.enum(LAYOUTS).optional().meta({
      description:
        'How it lies on the disks: anywhere (linear), in turns over several disks (striped), or twice on two (raid1); absent for linear.',
    }),
    stripes: z
      .int()
      .min(FEWEST_STRIPES)
      .max(MOST_STRIPES)
      .optional()
      .meta({ description: 'Over how many disks a striped volume lies; absent for others.' }),
    mkfsOptions: z.string().min(1).max(MOST_MKFS_CHARACTERS).optional().meta({
      description: 'Options for mkfs beside our own, as on a command line; absent for none, and for Block.',
    }),
    claim: z
      .object({ namespace: z.string().max(63), name: z.string().max(253), uid: z.string().max(63) })
      .meta({ description: 'The claim this volume was made for; empty where nobody said.' }),
    managedBy: z.enum(['claim', 'csi']).optional().meta({
      description:
        'What decides about the life of the volume: what becomes of its claim, or, with csi, the calls of the CSI Controller service alone. Absent means claim.',
    }),
    application: z
      .object({ cluster: z.string().max(253), role: z.string().max(253).optional() })
      .optional()
      .meta({ description: 'Application cluster, and role in it, whose members should spread over racks.' }),
  })
  .meta(
    rules(
      {
        rule: 'self.nodeName == oldSelf.nodeName && self.medium == oldSelf.medium && self.claim == oldSelf.claim && self.volumeMode == oldSelf.volumeMode',
        message:
          'node, medium, claim and volume mode of a logical volume never change; delete the claim and make a new one',
      },
      {
        rule: "(has(self.managedBy) ? self.managedBy : 'claim') == (has(oldSelf.managedBy) ? oldSelf.managedBy : 'claim')",
        message: 'what manages a logical volume never changes; delete the volume and make a new one',
      },
      {
        rule: "(has(self.layout) ? self.layout : 'linear') == (has(oldSelf.layout) ? oldSelf.layout : 'linear') && (has(self.stripes) ? self.stripes : 0) == (has(oldSelf.stripes) ? oldSelf.stripes : 0)",
        message: 'the layout of a logical volume never changes; delete the claim and make a new one',
      },
      {
        rule: "(has(self.mkfsOptions) ? self.mkfsOptions : '') == (has(oldSelf.mkfsOptions) ? oldSelf.mkfsOptions : '')",
        message: 'the mkfs options of a logical volume never change; delete the claim and make a new one',
      },
      {
        rule: "has(self.stripes) == (has(self.layout) && self.layout == 'striped')",
        message: 'stripes must be given for the layout striped, and for no other',
      },
    ),
  );

const statusSchema = z.object({
  phase: z.enum(['Pending', 'Ready', 'Failed', 'Deleting']).optional(),
  size: quantityField('Real size on disk, in whole extents.').optional(),
  volumeGroup: z.string().optional(),
  wiped: quantityField('How much of it has been wiped, from its beginning, before it is removed.').optional(),
  conditions: z.array(conditionSchema).optional(),
});

export const logicalVolumeSchema = z.object({ spec: specSchema, status: statusSchema.optional() });

export type LogicalVolumeSpec = z.infer<typeof specSchema>;
export type LogicalVolumeStatus = z.infer<typeof statusSchema>;

/** A logical volume on one node's disks, made for one claim. Cluster scope; its name is the CSI volume handle. */
export interface LogicalVolume {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta & { name: string };
  spec: LogicalVolumeSpec;
  status?: LogicalVolumeStatus;
}
