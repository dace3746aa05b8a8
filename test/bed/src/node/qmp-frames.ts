/** Splits a byte stream of QMP into its messages: one JSON object a line (QMP specification, section 2). */
export function createQmpDecoder(): (chunk: string) => QmpMessage[] {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as QmpMessage);
  };
}

/** A command as its line; a bigint is written with all its digits. */
export function encodeQmpCommand(
  command: string,
  commandArguments: Readonly<Record<string, unknown>>,
  id: number,
): string {
  const exact = (_key: string, value: unknown) => (typeof value === 'bigint' ? rawJson(value.toString()) : value);
  return `${JSON.stringify({ execute: command, arguments: commandArguments, id }, exact)}\n`;
}

/** ECMAScript proposal JSON.parse source text access, in V8; TypeScript does not know it yet. */
const rawJson = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

/** A message of the QEMU Machine Protocol: the greeting, an answer, an error or an event. */
export interface QmpMessage {
  readonly QMP?: unknown;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
