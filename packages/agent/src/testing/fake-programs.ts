import { basename } from 'node:path';
import type { CommandResult } from '@berth/runtime/spawn';
import { runFakeLvm } from './fake-lvm.ts';
import { findDisk, findLv } from './fake-lvm-command.ts';
import { EXTENT, type FakeContent, type FakeDisk, type FakeLv, type MachineState } from './machine-state.ts';

/** The host programs that the agent runs, against the fake machine. An unknown one is missing on the host. */
export const runFakeProgram = (state: MachineState, argv: readonly string[]): CommandResult => {
  const [program = '', ...args] = argv;
  const run = program === 'lvm' ? runFakeLvm : PROGRAMS[program];
  return run === undefined || !hasProgram(state, program)
    ? failed(`nsenter: failed to execute ${program}: No such file or directory`, 127)
    : run(state, args);
};

const hasProgram = (state: MachineState, name: string): boolean =>
  (name === 'lvm' || PROGRAMS[name] !== undefined) && !state.missingPrograms.includes(name);

type Program = (state: MachineState, args: readonly string[]) => CommandResult;

const mkfs =
  (type: string, uuidOf: (args: readonly string[]) => string, force: string): Program =>
  (state, args) => {
    const device = findDevice(state, args.at(-1) ?? '');
    if (device === undefined) return failed('No such file or directory');
    if (device.content !== undefined && !args.includes(force))
      return failed('appears to contain an existing filesystem');
    const formats = (device.formats ?? 0) + 1;
    const content = { kind: 'filesystem', type, uuid: uuidOf(args), extents: device.sizeBytes / EXTENT } as const;
    Object.assign(device, { content, formats });
    return ok('');
  };

/** Grows the file system of a mount point or device to its device. */
const grow: Program = (state, args) => {
  const path = args.at(-1) ?? '';
  const device = state.mounts.findLast(({ target }) => target === path)?.device;
  const lv = state.groups.flatMap(({ lvs }) => lvs).find(({ minor }) => device === `253:${minor}`);
  const { content, extents, deviceExtents = extents } = lv ?? findLv(state, path)?.lv ?? { extents: 0 };
  if (content?.kind === 'filesystem') content.extents = deviceExtents;
  return ok('');
};

const PROGRAMS: Readonly<Record<string, Program>> = {
  // The agent's scripts, by the name that stands behind `-c SCRIPT`.
  sh: (state, [, , name = '', ...args]) => SCRIPTS[name]?.(state, args) ?? failed('no such script'),
  dd: (state, args) => {
    const device = findDevice(state, args.find((arg) => arg.startsWith('if='))?.slice(3) ?? '');
    if (device === undefined || device.unreadable) return failed('dd: failed to open: No such file or directory');
    return { exitCode: 0, stdout: '', stderr: '1+0 records in\n1+0 records out\n' };
  },
  lsblk: (state) => ok(JSON.stringify({ blockdevices: state.disks.map(lsblkRow) })),
  // As the real one: the same answer for a blank device, an unreadable one, and none.
  blkid: (state, args) => {
    const content = findDevice(state, args.at(-1) ?? '')?.content;
    if (content === undefined) return failed('', 2);
    if (content.kind === 'pv') return ok(`UUID=${content.uuid}\nTYPE=LVM2_member\nUSAGE=raid\n`);
    return ok(`UUID=${content.uuid}\nTYPE=${content.type}\nUSAGE=filesystem\n`);
  },
  wipefs: (state, args) => {
    const device = findDevice(state, args.at(-1) ?? '');
    if (device === undefined || device.unreadable) return failed('wipefs: error: probing initialization failed');
    if (args.includes('--all')) {
      delete device.content;
      return ok('');
    }
    return ok(device.content === undefined ? '' : '# offset,uuid,label,type\n0x0,,,something\n');
  },
  'mkfs.xfs': mkfs('xfs', (args) => args.find((arg) => arg.startsWith('uuid='))?.slice(5) ?? '', '-f'),
  'mkfs.ext4': mkfs('ext4', (args) => args[args.indexOf('-U') + 1] ?? '', '-F'),
  xfs_db: (state, args) => {
    const content = findDevice(state, args.at(-1) ?? '')?.content;
    return ok(`inprogress = ${content?.kind === 'filesystem' && content.inProgress ? 1 : 0}\n`);
  },
  xfs_repair: (state, args) => check(findDevice(state, args.at(-1) ?? '')?.content),
  // Exit codes of e2fsck(8): 1 repaired, 4 damage is left, 8 not possible.
  e2fsck: (state, args) => {
    const { content, minor } = findLv(state, args.at(-1) ?? '')?.lv ?? {};
    if (content?.kind !== 'filesystem') return failed('Bad magic number in super-block', 8);
    if (state.mounts.some(({ device }) => device === `253:${minor}`)) return failed('is mounted. Cannot continue', 8);
    if (content.damaged) return failed('UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.', 4);
    if (!content.unclean) return ok('clean');
    if (args.includes('-n')) return failed('errors were found', 4);
    delete content.unclean;
    return failed('', 1);
  },
  blkdiscard: (state, args) => {
    const lv = findLv(state, args.at(-1) ?? '')?.lv;
    if (!lv?.active) return failed('blkdiscard: cannot open: No such file or directory');
    const number = (name: string): number => Number(args[args.indexOf(name) + 1]);
    if (number('--offset') > (lv.wipedBytes ?? 0)) return failed('blkdiscard: a part was left out');
    lv.wipedBytes = Math.max(lv.wipedBytes ?? 0, number('--offset') + number('--length'));
    return ok('');
  },
  smartctl: (state, args) => ok(JSON.stringify(findDisk(state, args.at(-1) ?? '')?.smart ?? {})),
  udevadm: (state, [command, ...args]) => {
    if (command !== 'trigger') return ok('');
    for (const disk of state.disks) if (args.includes(`--sysname-match=${basename(disk.path)}`)) delete disk.remembered;
    return ok('');
  },
  xfs_growfs: grow,
  resize2fs: grow,
  stat: () => ok('4096 1000 600 700 512 500\n'),
  mount: (state, args) => {
    const [source = '', target = ''] = args.slice(-2);
    const options = args.includes('-o') ? (args[args.indexOf('-o') + 1] ?? '').split(',') : [];
    if (options.includes('remount')) {
      const mount = state.mounts.findLast((each) => each.target === target);
      if (mount === undefined) return failed('mount point not mounted', 32);
      state.mounts = state.mounts.map((each) => (each === mount ? { ...mount, options: ['ro'] } : each));
      return ok('');
    }
    if (args.includes('--bind')) return bind(state, source, target);
    const found = findLv(state, source);
    if (found?.lv.content?.kind !== 'filesystem') return failed('wrong fs type, bad option, bad superblock', 32);
    const device = `253:${found.lv.minor}`;
    const mapper = `/dev/mapper/${double(found.group.name)}-${double(found.lv.name)}`;
    state.mounts.push({ device, source: mapper, target, fsType: found.lv.content.type, options: ['rw', ...options] });
    return ok('');
  },
  umount: (state, [target = '']) => {
    const mount = state.mounts.findLast((each) => each.target === target);
    if (mount === undefined) return failed('not mounted', 32);
    state.mounts = state.mounts.filter((each) => each !== mount);
    return ok('');
  },
};

const SCRIPTS: Readonly<Record<string, Program>> = {
  'find-missing': (state, args) => ok(args.filter((name) => !hasProgram(state, name)).join('\n')),
  probe: (state, args) => {
    const framed = (program: string, words: readonly string[]): string => {
      const { exitCode, stdout, stderr } = runFakeProgram(state, [program, ...words]);
      return `${stdout}${stderr && `${stderr.trimEnd()}\n`}@${program} ${exitCode}\n`;
    };
    const paths = args.filter((_, index) => index % 2 === 0);
    const sections = paths.map((path) => {
      const reads = framed('dd', [`if=${path}`]) + framed('dd', [`if=${path}`]);
      return `@device ${path}\n${reads}${framed('blkid', [path])}${framed('wipefs', [path])}`;
    });
    return ok(sections.join(''));
  },
};

const bind = (state: MachineState, source: string, target: string): CommandResult => {
  const block = findLv(state, source);
  const mount = state.mounts.findLast((each) => each.target === source);
  if (block !== undefined) {
    const root = `/dm-${block.lv.minor}`;
    state.mounts.push({ device: '0:5', source: 'udev', target, fsType: 'devtmpfs', options: ['rw'], root });
  } else if (mount !== undefined) state.mounts.push({ ...mount, target, options: ['rw'] });
  else return failed('special device does not exist', 32);
  return ok('');
};

const lsblkRow = ({ path, sizeBytes, remembered, lsblk }: FakeDisk, index: number) => ({
  ...{
    kname: path.replace('/dev/', ''),
    path,
    'maj:min': `259:${index}`,
    type: 'disk',
    size: sizeBytes,
    'log-sec': 512,
  },
  ...{ rota: false, ro: false, rm: false, tran: 'nvme', vendor: null, model: 'Disk', serial: `S-${path}`, wwn: null },
  ...{ fstype: remembered ?? null, pttype: null, mountpoint: null },
  ...lsblk,
});

/** Lines as in /proc/PID/mountinfo. */
export const mountInfo = (state: MachineState): string =>
  state.mounts
    .map(({ device, source, target, fsType, options, root = '/', frozen }, index) => {
      const escaped = target.replaceAll(' ', '\\040');
      return `${index + 30} 1 ${device} ${root} ${escaped} ${options.join(',')} shared:1 - ${fsType} ${source} ${frozen ? 'ro' : 'rw'}\n`;
    })
    .join('');

const findDevice = (
  state: MachineState,
  path: string,
): { content?: FakeContent; unreadable?: boolean; formats?: number; sizeBytes: number } | undefined => {
  const lv = findLv(state, path)?.lv ?? findBound(state, path);
  if (lv === undefined) return findDisk(state, path);
  return lv.active && !lv.unloaded
    ? Object.assign(lv, { sizeBytes: (lv.deviceExtents ?? lv.extents) * EXTENT })
    : undefined;
};

/** The volume whose device file is bound to a path. */
const findBound = (state: MachineState, path: string): FakeLv | undefined => {
  const root = state.mounts.find(({ target, fsType }) => target === path && fsType === 'devtmpfs')?.root;
  return state.groups.flatMap(({ lvs }) => lvs).find(({ minor }) => root === `/dm-${minor}`);
};

const check = (content: FakeContent | undefined): CommandResult =>
  content?.kind === 'filesystem' && !content.damaged ? ok('') : failed('errors found', 1);

const double = (name: string): string => name.replaceAll('-', '--');
const ok = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' });
const failed = (stderr: string, exitCode = 1): CommandResult => ({ exitCode, stdout: '', stderr });
