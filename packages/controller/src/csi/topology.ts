import { AppError } from '@berth/contract/errors';
import { TOPOLOGY_KEY } from '@berth/contract/names';
import type { Topology } from '@berth/csi/messages';
import type { TopologyRequirement } from './messages.ts';

/** The nodes that a caller allows and likes. */
export interface NodeWishes {
  /** The only nodes that will do; undefined means any. */
  readonly among: ReadonlySet<string> | undefined;
  /** Nodes to try first, in this order. */
  readonly preferred: readonly string[];
}

/** Throws InvalidArgument for topology that is not ours: each of our volumes is on one node. */
export const parseTopology = (requirement: TopologyRequirement | null): NodeWishes => {
  const requisite = (requirement?.requisite ?? []).map(nodeOf);
  const preferred = (requirement?.preferred ?? []).map(nodeOf);
  if (requirement !== null && requisite.length + preferred.length === 0) {
    throw new AppError('InvalidArgument', 'accessibility_requirements names no topology; name one or leave it out');
  }
  return { among: requisite.length === 0 ? undefined : new Set(requisite), preferred };
};

/** The one node that a topology names. */
export const nodeOf = ({ segments }: Topology): string => {
  const { [TOPOLOGY_KEY]: node, ...others } = segments;
  const unknown = Object.keys(others);
  if (unknown.length > 0) {
    throw new AppError(
      'InvalidArgument',
      `topology ${unknown.join(', ')} is not known; the only key is ${TOPOLOGY_KEY}`,
    );
  }
  if (!node) throw new AppError('InvalidArgument', `the topology names no node by the key ${TOPOLOGY_KEY}`);
  return node;
};
