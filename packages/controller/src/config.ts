import { silenceSettings } from '@berth/placement/silence-settings';
import { weightSettings } from '@berth/placement/weight-settings';
import { commonSettings } from '@berth/runtime/role';
import * as z from 'zod';

/** Settings of the controller. */
export const configSchema = z.object({
  ...commonSettings(9811),
  namespace: z.string().min(1).default('berth-system').meta({
    description: 'Where the Lease is by which one of several controllers leads, and the CSIStorageCapacity objects.',
  }),
  claims: z.enum(['on', 'off']).default('on').meta({
    description:
      'Whether the controller itself makes volumes for claims; off leaves it to an external-provisioner that calls --csi-socket.',
  }),
  csiSocket: z.string().startsWith('/').optional().meta({
    description:
      "Path of a unix socket for CSI's Controller service, for sidecars of the same user; without it, there is none.",
  }),
  recovery: z.enum(['on', 'dry-run', 'off']).default('on').meta({
    description:
      'Whether stateful pods of lost nodes start again empty where their class allows it; dry-run only tells.',
  }),
  healthChecks: z.enum(['on', 'off']).default('off').meta({
    description:
      'Whether the controller asks the addresses that StatefulSets name before a member of theirs starts again empty; off refuses for those.',
  }),
  nodeDeletedGraceSeconds: z.coerce.number().int().min(10).default(300).meta({
    description: 'How long a Node object must be gone before its volumes may be given up.',
  }),
  nodeLostGraceSeconds: z.coerce.number().int().min(60).default(900).meta({
    description:
      'How long a node must have been not ready before volumes of classes with recovery node-lost are given up.',
  }),
  recoveryRecordDays: z.coerce.number().int().min(1).max(3650).default(90).meta({
    description: 'How many days a VolumeRecovery is kept after it is done, cancelled, or only told.',
  }),
  workers: z.coerce.number().int().min(1).max(64).default(8).meta({
    description: 'How many claims, and how many volumes, are worked on at once.',
  }),
  resyncSeconds: z.coerce.number().int().min(10).default(600).meta({
    description: 'How often everything is looked at again without a reason.',
  }),
  orphanGraceSeconds: z.coerce.number().int().min(1).default(600).meta({
    description: 'How long a logical volume without claim and persistent volume stays marked before it is deleted.',
  }),
  ...weightSettings,
  ...silenceSettings,
});
