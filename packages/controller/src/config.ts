import { LOG_LEVELS } from '@berth/runtime/logger';
import { z } from 'zod';

/** Settings of the controller. */
export const configSchema = z.object({
  kubeconfig: z.string().min(1).optional().meta({ description: 'Kubeconfig file; without it the service account.' }),
  metricsPort: z.coerce.number().int().min(0).max(65_535).default(9811).meta({
    description: 'Port of /healthz, /readyz and /metrics; 0 lets the system choose.',
  }),
  logLevel: z.enum(LOG_LEVELS).default('info').meta({ description: 'Least important level that is logged.' }),
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
