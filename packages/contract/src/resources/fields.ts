import * as z from 'zod';
import { MEDIA } from '../medium.ts';

/** A size as a Kubernetes quantity with its unit, for example `100Gi`. */
export const quantityField = (description: string) =>
  z
    .string()
    .max(40)
    .regex(/^[0-9]+(\.[0-9]*)?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?$/)
    .meta({ description });

export const mediumField = z.enum(MEDIA).meta({ description: 'What the disk is made of.' });

/** A rule of the Common Expression Language that the API server checks on every write, and what it says when it is broken. */
interface Rule {
  readonly rule: string;
  readonly message: string;
}

export const rules = (...all: readonly Rule[]) => ({ 'x-kubernetes-validations': all });

/** Kubernetes' standard condition (meta/v1 Condition), with its limits on lengths. */
export const conditionSchema = z.object({
  type: z.string().max(316),
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().min(0).optional(),
  lastTransitionTime: z.string().meta({ format: 'date-time' }),
  reason: z.string().min(1).max(1024),
  message: z.string().max(32768),
});
