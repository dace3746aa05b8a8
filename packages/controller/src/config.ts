import { commonSettings } from '@berth/runtime/role';
import * as z from 'zod';

/** Settings of the controller. */
export const configSchema = z.object({
  ...commonSettings(9811),
  namespace: z.string().min(1).default('berth-system').meta({
    description: 'Where the Lease is by which one of several controllers leads, and the CSIStorageCapacity objects.',
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
});
