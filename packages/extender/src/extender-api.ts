import { AppError } from '@berth/contract/errors';
import * as z from 'zod';

/**
 * The wire format of k8s.io/kube-scheduler/extender/v1, types.go. Its Go structs carry no JSON tags, so that the
 * outer keys are the capitalised field names; the Pod and the nodes inside are ordinary Kubernetes JSON.
 * Only the fields that are read are checked; Go writes an absent slice, map or pointer as null.
 */

const volumeSchema = z.object({
  name: z.string(),
  persistentVolumeClaim: z.object({ claimName: z.string() }).nullish(),
  ephemeral: z.object({}).nullish(),
});

export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default('default'),
    uid: z.string().optional(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    volumes: z.array(volumeSchema).nullish(),
    nodeSelector: z.record(z.string(), z.string()).nullish(),
  }),
});

const nodeSchema = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

/** Thousands of names a call: one loop, instead of a parser for each. */
const namesSchema = z.custom<string[]>(Array.isArray, 'it is not a list').check((given) => {
  const wrong = given.value.findIndex((name) => typeof name !== 'string');
  if (wrong < 0) return;
  given.issues.push({ code: 'custom', input: given.value, path: [wrong], message: 'it is not a string' });
});

const argsSchema = z
  .object({
    Pod: podSchema,
    Nodes: z.looseObject({ items: z.array(nodeSchema).nullable() }).nullish(),
    NodeNames: namesSchema.nullish(),
  })
  .refine((args) => args.NodeNames || args.Nodes, {
    message: 'neither NodeNames nor Nodes is set; send NodeNames (nodeCacheCapable: true)',
  });

export type ExtenderArgs = z.infer<typeof argsSchema>;
export type ExtenderPod = z.infer<typeof podSchema>;

export interface ExtenderFilterResult {
  Nodes: unknown;
  NodeNames: readonly string[] | null;
  FailedNodes: Readonly<Record<string, string>>;
  /** Nodes where evicting other pods would not help: kube-scheduler does not try preemption there. */
  FailedAndUnresolvableNodes: Readonly<Record<string, string>>;
  /** When not empty, kube-scheduler gives up this attempt and tries the pod again after a pause. */
  Error: string;
}

/** Score is an int64 in Go: a fraction would make the whole answer unreadable. */
export interface HostPriority {
  readonly Host: string;
  readonly Score: number;
}

/** Reads a request body. Throws InvalidArgument with a sentence that names the field. */
export const parseExtenderArgs = (body: Buffer): ExtenderArgs => parseBody(argsSchema, 'ExtenderArgs', body);

/** Reads a body of the scheduler's. Throws InvalidArgument with a sentence that names the field. */
export const parseBody = <S extends z.ZodType>(schema: S, type: string, body: Buffer): z.infer<S> => {
  const parsed = schema.safeParse(parseJson(body, type));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new AppError('InvalidArgument', `the body is not ${type} of the scheduler: ${problems.join('; ')}`);
};

/** The node names of a request, in the form it uses; NodeNames wins when both are set. */
export const nodeNamesOf = (args: ExtenderArgs): readonly string[] =>
  args.NodeNames ?? (args.Nodes?.items ?? []).map((node) => node.metadata.name);

/** A filter result in the form of the request: names for names, nodes for nodes. */
export const filterResult = (
  args: ExtenderArgs,
  kept: readonly string[],
  failed: Readonly<Record<string, string>> = {},
): ExtenderFilterResult => ({
  ...(args.NodeNames ? { Nodes: null, NodeNames: kept } : { Nodes: keptNodes(args, kept), NodeNames: null }),
  FailedNodes: {},
  FailedAndUnresolvableNodes: failed,
  Error: '',
});

/** The answer when nothing can be said now. */
export const filterError = (reason: string): ExtenderFilterResult => ({
  Nodes: null,
  NodeNames: null,
  FailedNodes: {},
  FailedAndUnresolvableNodes: {},
  Error: reason,
});

const keptNodes = (args: ExtenderArgs, kept: readonly string[]): unknown => {
  const names = new Set(kept);
  return { ...args.Nodes, items: (args.Nodes?.items ?? []).filter((node) => names.has(node.metadata.name)) };
};

const parseJson = (body: Buffer, type: string): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AppError('InvalidArgument', `the body is not JSON; kube-scheduler posts ${type}`, { cause });
  }
};
