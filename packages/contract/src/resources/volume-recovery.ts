import { z } from 'zod';
import { rules } from './fields.ts';
import type { ObjectMeta } from './object.ts';

const specSchema = z
  .object({
    nodeName: z.string().max(253).meta({ description: 'The node that is gone.' }),
    pod: z
      .object({ namespace: z.string().max(63), name: z.string().max(253), uid: z.string().max(63) })
      .meta({ description: 'The pod that starts again elsewhere; its set makes it anew.' }),
    claims: z
      .array(z.object({ name: z.string().max(253), uid: z.string().max(63), volume: z.string().max(253) }))
      .max(64)
      .meta({ description: 'The claims whose data is given up; the set makes new, empty ones.' }),
    reason: z.string().max(4096).meta({ description: 'What led to it, as a sentence.' }),
    dryRun: z.boolean().meta({ description: 'Only told, not done.' }),
  })
  .meta(rules({ rule: 'self == oldSelf', message: 'a record never changes' }));

const statusSchema = z.object({
  phase: z.enum(['Started', 'Done', 'Cancelled']).optional(),
  changedAt: z.string().optional().meta({ format: 'date-time' }),
});

export const volumeRecoverySchema = z.object({ spec: specSchema, status: statusSchema.optional() });

/**
 * The record of a decision to give up data on a node that is gone. It is made before anything is deleted, so that what
 * was begun is finished by whoever leads next, and stays as the audit of what was done and why. Cluster scope.
 */
export interface VolumeRecovery {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta & { name: string };
  spec: z.infer<typeof specSchema>;
  status?: z.infer<typeof statusSchema>;
}
