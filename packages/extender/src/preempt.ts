import { z } from 'zod';
import { type DecideOptions, fitting } from './decide.ts';
import { parseBody, podSchema } from './extender-api.ts';

// ExtenderPreemptionArgs and ExtenderPreemptionResult of k8s.io/kube-scheduler/extender/v1, types.go. The scheduler asks
// which of the nodes where evicting some pods would make room are really worth it.

const victimsSchema = z.object({
  Pods: z.array(z.object({ metadata: z.object({ uid: z.string() }) })).nullish(),
  NumPDBViolations: z.int().default(0),
});

const metaVictimsSchema = z.object({
  Pods: z.array(z.object({ UID: z.string() })).nullish(),
  NumPDBViolations: z.int().default(0),
});

const preemptionArgsSchema = z
  .object({
    Pod: podSchema,
    NodeNameToVictims: z.record(z.string(), victimsSchema).nullish(),
    NodeNameToMetaVictims: z.record(z.string(), metaVictimsSchema).nullish(),
  })
  .refine((args) => args.NodeNameToVictims || args.NodeNameToMetaVictims, {
    message: 'neither NodeNameToMetaVictims nor NodeNameToVictims is set',
  });

type PreemptionArgs = z.infer<typeof preemptionArgsSchema>;
type MetaVictims = z.infer<typeof metaVictimsSchema>;

export interface PreemptionResult {
  readonly NodeNameToMetaVictims: Readonly<Record<string, MetaVictims>>;
}

/** Reads a request body. Throws InvalidArgument with a sentence that names the field. */
export const parsePreemptionArgs = (body: Buffer): PreemptionArgs =>
  parseBody(preemptionArgsSchema, 'ExtenderPreemptionArgs', body);

/**
 * Leaves only the nodes where the pod's volumes fit already: a pod that is evicted leaves its volumes where they are, so
 * that nobody shall be evicted for room on disks. The victims stay as proposed. Holds nothing.
 */
export const preempt = (args: PreemptionArgs, options: DecideOptions): PreemptionResult => {
  const victims = args.NodeNameToMetaVictims ?? metaVictimsOf(args.NodeNameToVictims ?? {});
  const names = fitting({ Pod: args.Pod, NodeNames: Object.keys(victims) }, options);
  return { NodeNameToMetaVictims: Object.fromEntries(names.flatMap((name) => entryOf(name, victims[name]))) };
};

const entryOf = (name: string, victims: MetaVictims | undefined): [string, MetaVictims][] =>
  victims === undefined ? [] : [[name, victims]];

const metaVictimsOf = (full: NonNullable<PreemptionArgs['NodeNameToVictims']>): Record<string, MetaVictims> =>
  Object.fromEntries(
    Object.entries(full).map(([name, { Pods, NumPDBViolations }]) => [
      name,
      { Pods: (Pods ?? []).map(({ metadata }) => ({ UID: metadata.uid })), NumPDBViolations },
    ]),
  );
