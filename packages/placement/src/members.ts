import type { Member, NodeState } from './model.ts';

/** How many members of one application cluster and role each rack and host carries. */
export interface MemberCounts {
  readonly byRack: ReadonlyMap<string, number>;
  readonly byHost: ReadonlyMap<string, number>;
}

/** Name under which nodes without a rack label are counted. No label value is empty. */
const NO_RACK = '';

export const rackKey = (node: NodeState): string => node.rack ?? NO_RACK;

/**
 * Counts members, each once however many volumes, holds and pods speak for it; the one being placed is left out.
 * A member on a node that is not known counts for the host of that name and for no rack.
 */
export const countMembers = (
  members: Iterable<Member>,
  self: string,
  nodeOf: (name: string) => NodeState | undefined,
): MemberCounts => {
  const byRack = new Map<string, number>();
  const byHost = new Map<string, number>();
  const seen = new Set<string>();
  for (const { member, node: name } of members) {
    if (member === self || seen.has(member)) continue;
    seen.add(member);
    const node = nodeOf(name);
    increase(byHost, node?.host ?? name);
    if (node) increase(byRack, rackKey(node));
  }
  return { byRack, byHost };
};

const increase = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
