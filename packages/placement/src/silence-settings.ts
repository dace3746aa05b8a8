import * as z from 'zod';

/** The setting of how long an agent may be unready, the same for every program that chooses nodes. */
export const silenceSettings = {
  agentSilentAfterSeconds: z.coerce.number().int().min(10).max(86_400).default(300).meta({
    description: 'How long the pod of a node agent must have been unready before no new volume is placed on its node.',
  }),
};
