/** An answer of qemu-guest-agent. */
export interface AgentAnswer {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/**
 * The bytes that bring a channel back in step: 0xFF makes the agent forget a half-sent command, and its answer begins with 0xFF
 * too, so that whatever an earlier client left unread can be told from it (guest-sync-delimited, QEMU guest agent protocol).
 */
export function encodeSync(id: number): Buffer {
  const command = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } });
  return Buffer.concat([Buffer.of(0xff), Buffer.from(`${command}\n`)]);
}

/** One command, as the agent expects it. */
export function encodeCommand(command: string, commandArguments: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(`${JSON.stringify({ execute: command, arguments: commandArguments })}\n`);
}

/** Gives out the answers that follow the answer to the sync with this id, and drops everything before. */
export function createAgentDecoder(syncId: number): (chunk: Buffer) => { synced: boolean; answers: AgentAnswer[] } {
  let rest = Buffer.alloc(0);
  let synced = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const answers: AgentAnswer[] = [];
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (synced) answers.push(JSON.parse(line.toString()) as AgentAnswer);
      else synced = isSyncAnswer(line, syncId);
    }
    return { synced, answers };
  };
}

function isSyncAnswer(line: Buffer, syncId: number): boolean {
  const start = line.lastIndexOf(0xff);
  if (start < 0) return false;
  return (JSON.parse(line.subarray(start + 1).toString()) as AgentAnswer).return === syncId;
}
