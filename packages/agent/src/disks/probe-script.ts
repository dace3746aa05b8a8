/** Bytes read at either end of a device to prove that it can be read. */
export const BLOCK_BYTES = 4096;

/** What one program of the script said, and its exit code. */
export interface ProgramAnswer {
  readonly exitCode: number;
  /** Standard output and standard error. */
  readonly text: string;
}

/** What the script found out about a device. */
export interface Probe {
  /** Of the first and the last block. */
  readonly reads: readonly ProgramAnswer[];
  readonly blkid: ProgramAnswer;
  readonly wipefs: ProgramAnswer;
}

/**
 * Looks at devices, each given by its path and the number of its last block. A line that begins with @ tells which device comes
 * next, or which program has ended and how. No program's own line begins so: blkid prints pairs that begin with a letter, wipefs
 * offsets, and both write the bytes of labels that are not plain as escapes.
 */
export const PROBE_SCRIPT = `
while [ $# -gt 1 ]; do
  echo "@device $1"
  for block in 0 "$2"; do
    dd if="$1" of=/dev/null bs=${BLOCK_BYTES} count=1 skip="$block" 2>&1; echo "@dd $?"
  done
  blkid --probe --output export "$1" 2>&1; echo "@blkid $?"
  wipefs --no-act --parsable "$1" 2>&1; echo "@wipefs $?"
  shift 2
done`;

/** The script's output by device path; what it did not get to is missing. */
export const parseProbes = (stdout: string): ReadonlyMap<string, Partial<Probe>> => {
  const probes = new Map<string, Partial<Probe>>();
  for (const section of stdout.split(/^@device /m).slice(1)) {
    const [path = ''] = section.split('\n', 1);
    probes.set(path, parseSection(section.slice(path.length + 1)));
  }
  return probes;
};

const parseSection = (section: string): Partial<Probe> => {
  const answers = [...section.matchAll(/([\s\S]*?)^@(\w+) (\d+)$\n?/gm)].map(([, text = '', program, code]) => ({
    program,
    answer: { exitCode: Number(code), text },
  }));
  const of = (name: string) => answers.filter(({ program }) => program === name).map(({ answer }) => answer);
  const [blkid] = of('blkid');
  const [wipefs] = of('wipefs');
  return { reads: of('dd'), ...(blkid && { blkid }), ...(wipefs && { wipefs }) };
};
