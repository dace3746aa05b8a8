import { findLv } from './fake-lvm-command.ts';
import { runFakeProgram } from './fake-programs.ts';
import type { FakeLv, MachineState } from './machine-state.ts';

/**
 * What a program leaves that is killed in its midst, where that is neither what was there before nor what it leaves at its end. Such
 * states last: LVM writes down what is to be before it changes the kernel's devices, and mkfs and blkdiscard take their time.
 */
export const cutShort = (state: MachineState, argv: readonly string[]): void => {
  const [program = '', ...args] = argv;
  const run = program === 'lvm' ? CUT_LVM[args[0] ?? ''] : CUT[program];
  run?.(state, argv);
};

type Cut = (state: MachineState, argv: readonly string[]) => void;

const volumeOf = (state: MachineState, argv: readonly string[]): FakeLv | undefined =>
  findLv(state, argv.at(-1) ?? '')?.lv;

const CUT_LVM: Readonly<Record<string, Cut>> = {
  // Written down, and its device made but not given its content; what the extents held before is wiped last.
  lvcreate: (state, argv) => {
    if (runFakeProgram(state, argv).exitCode !== 0) return;
    const made = argv[argv.indexOf('--name') + 1];
    const lv = state.groups.flatMap(({ lvs }) => lvs).find(({ name }) => name === made);
    const content = structuredClone(state.removed.at(-1)?.content);
    if (lv !== undefined) Object.assign(lv, { unloaded: true, ...(content && { content }) });
  },
  // Written down; the device is still what it was.
  lvextend: (state, argv) => {
    const deviceExtents = volumeOf(state, argv)?.extents;
    if (runFakeProgram(state, argv).exitCode === 0) Object.assign(volumeOf(state, argv) ?? {}, { deviceExtents });
  },
  // The device is gone, the volume is not.
  lvremove: (state, argv) => {
    const lv = volumeOf(state, argv);
    if (!state.mounts.some(({ device }) => device === `253:${lv?.minor}`)) Object.assign(lv ?? {}, { active: false });
  },
};

const CUT: Readonly<Record<string, Cut>> = {
  'mkfs.xfs': (state, argv) => {
    if (runFakeProgram(state, argv).exitCode !== 0) return;
    const lv = volumeOf(state, argv);
    if (lv?.content?.kind !== 'filesystem') return;
    lv.content.inProgress = true;
    lv.formats = (lv.formats ?? 1) - 1;
  },
  // It writes the superblock last.
  'mkfs.ext4': (state, argv) => {
    delete volumeOf(state, argv)?.content;
  },
  blkdiscard: (state, argv) => {
    const at = argv.indexOf('--length') + 1;
    const half = Math.floor(Number(argv[at]) / 2);
    runFakeProgram(state, argv.with(at, String(half)));
  },
};
