import type { MemberCounts } from './members.ts';
import { rackKey } from './members.ts';
import type { NodeState } from './model.ts';

/** Says why a node's rack may not take one more member, or undefined when it may. */
export type RackLimit = (node: NodeState) => string | undefined;

/**
 * The rule of `rack-spread: required`: after placement no rack has more than one member above the emptiest rack
 * (a skew of 1 at most, as `maxSkew: 1` with DoNotSchedule in pod topology spread constraints). The racks are
 * those of the given nodes: all that the pod could ever use, whether they have room just now or not.
 */
export const createRackLimit = (domain: Iterable<NodeState>, counts: MemberCounts): RackLimit => {
  let fewest = Number.POSITIVE_INFINITY;
  let fewestIn = '';
  for (const node of domain) {
    if (node.rack === undefined) continue;
    const count = counts.byRack.get(node.rack) ?? 0;
    if (count < fewest || (count === fewest && node.rack < fewestIn)) {
      fewest = count;
      fewestIn = node.rack;
    }
  }
  return (node) => {
    if (node.rack === undefined)
      return 'racks: the StorageClass requires spreading over racks, the node has no rack label';
    const count = counts.byRack.get(rackKey(node)) ?? 0;
    if (count <= fewest) return undefined;
    return `racks: ${node.rack} has ${members(count)} of this application, ${fewestIn} only ${fewest}`;
  };
};

const members = (count: number): string => (count === 1 ? '1 member' : `${count} members`);
