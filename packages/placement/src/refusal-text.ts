const LONGEST = 1000;

/** The reasons against a node as one short sentence, for kube-scheduler to count and show. */
export const nodeSentence = (reasons: readonly string[]): string => reasons.join('; ');

/**
 * One sentence for the person who wrote the claims: what does not fit, and why not on each node. Nodes with the same
 * reason are told together; what does not fit into an event's message (1024 characters) is counted.
 */
export const noRoomSentence = (
  claimKeys: readonly string[],
  refused: ReadonlyMap<string, readonly string[]>,
): string => {
  const nodesOf = Map.groupBy(refused.keys(), (node) => nodeSentence(refused.get(node) ?? []));
  const groups = [...nodesOf].sort(([, some], [, others]) => others.length - some.length);
  let text = `No node has room for ${claimKeys.join(', ')}`;
  if (groups.length === 0) return `${text}: no node that takes pods has reported its disks`;
  let told = 0;
  for (const [reason, nodes] of groups) {
    const part = `${told === 0 ? ': ' : ' | '}${nodeList(nodes)}: ${reason}`;
    if (text.length + part.length > LONGEST) break;
    text += part;
    told += nodes.length;
  }
  const rest = refused.size - told;
  return rest > 0 ? `${text} | and ${rest} more nodes` : text;
};

const nodeList = (nodes: readonly string[]): string =>
  nodes.length <= 3 ? nodes.join(', ') : `${nodes.slice(0, 2).join(', ')} and ${nodes.length - 2} more`;
