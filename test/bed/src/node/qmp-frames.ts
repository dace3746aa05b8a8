/** Splits a byte stream of QMP into its messages: one JSON object a line (QMP specification, section 2). */
export function createQmpDecoder(): (chunk: string) => QmpMessage[] {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as QmpMessage);
  };
}

/** A message of the QEMU Machine Protocol: the greeting, an answer, an error or an event. */
export interface QmpMessage {
  readonly QMP?: unknown;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
