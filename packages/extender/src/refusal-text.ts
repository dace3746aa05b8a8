const LONGEST = 1000;

/** The reasons against a node as one short sentence, for kube-scheduler to count and show. */
export const nodeSentence = (reasons: readonly string[]): string => reasons.join('; ');

/**
 * One sentence for the person who wrote the claims: what does not fit, and why not on each node. Nodes with the same
 * reason are told together; what does not fit into an event's message (1024 characters) is counted.
 */
export const podSentence = (claimKeys: readonly string[], failed: Readonly<Record<string, string>>): string => {
  const nodesOf = new Map<string, string[]>();
  for (const [node, reason] of Object.entries(failed)) nodesOf.set(reason, [...(nodesOf.get(reason) ?? []), node]);
  const groups = [...nodesOf].sort(([, some], [, others]) => others.length - some.length);
  let text = `No node has room for ${claimKeys.join(', ')}`;
  let told = 0;
  for (const [reason, nodes] of groups) {
    const part = `${told === 0 ? ': ' : ' | '}${nodeList(nodes)}: ${reason}`;
    if (text.length + part.length > LONGEST) break;
    text += part;
    told += nodes.length;
  }
  const rest = Object.keys(failed).length - told;
  return rest > 0 ? `${text} | and ${rest} more nodes` : text;
};

const nodeList = (nodes: readonly string[]): string =>
  nodes.length <= 3 ? nodes.join(', ') : `${nodes.slice(0, 2).join(', ')} and ${nodes.length - 2} more`;
