import type { CommandResult } from '@berth/runtime/spawn';
import { freeByPv, freeExtents, growParts, placeParts, pvsOf, RAID1, totalExtents } from './fake-allocation.ts';
import {
  EXTENT,
  extentsIn,
  extentsOf,
  type FakeDisk,
  type FakeGroup,
  type FakeLv,
  type MachineState,
  METADATA,
} from './machine-state.ts';

/** LVM as far as the agent uses it, with the exit codes and words of LVM2 2.03. */
export const runFakeLvm = (state: MachineState, argv: readonly string[]): CommandResult => {
  const [command = '', ...rest] = argv;
  const { options, names } = parse(rest);
  const run = COMMANDS[command];
  return run === undefined ? failed(`No such command '${command}'.`, 2) : run(state, options, names);
};

interface Options {
  readonly one: (name: string) => string | undefined;
  readonly all: (name: string) => readonly string[];
  /** Whether an option without a value is given. */
  readonly has: (name: string) => boolean;
}
type Command = (state: MachineState, options: Options, names: readonly string[]) => CommandResult;

const FLAGS = new Set(['--yes', '--nosuffix', '--norestorefile', '--refresh']);

const parse = (args: readonly string[]): { options: Options; names: string[] } => {
  const given: [string, string][] = [];
  const names: string[] = [];
  let key: string | undefined;
  for (const word of args) {
    if (key !== undefined) {
      given.push([key, word]);
      key = undefined;
    } else if (!word.startsWith('-')) names.push(word);
    else if (!FLAGS.has(word)) key = word;
  }
  const all = (name: string) => given.filter(([key]) => key === name).map(([, value]) => value);
  return { options: { all, one: (name) => all(name)[0], has: (name) => args.includes(name) }, names };
};

const COMMANDS: Readonly<Record<string, Command>> = {
  pvcreate: (state, options, [link = '']) => {
    const disk = findDisk(state, link);
    if (disk === undefined) return failed(`  Cannot use ${link}: device not found`);
    if (disk.content !== undefined)
      return failed('  Aborted wiping of ext4.\n  1 existing signature left on the device.');
    const size = options.one('--setphysicalvolumesize');
    const extents = extentsIn(size === undefined ? disk.sizeBytes : Number.parseInt(size, 10) * 1024 ** 2);
    disk.content = { kind: 'pv', uuid: options.one('--uuid') ?? 'of-their-own', group: '', extents };
    return ok('  Physical volume successfully created.');
  },
  pvresize: (state, _, [path = '']) => {
    const disk = findDisk(state, path);
    if (disk?.content?.kind !== 'pv') return failed(`  Failed to find physical volume "${path}".`);
    disk.content.extents = extentsIn(disk.sizeBytes);
    return ok(`  Physical volume "${path}" changed`);
  },
  vgcreate: (state, options, [name = '', ...links]) => {
    if (state.groups.some((group) => group.name === name))
      return failed(`  A volume group called ${name} already exists.`);
    const joined = join(state, name, links);
    if (joined.exitCode === 0) {
      state.groups.push({ name, uuid: `VG-${state.groups.length}`, tags: [...options.all('--addtag')], lvs: [] });
    }
    return joined;
  },
  vgextend: (state, _, [name = '', ...links]) => join(state, name, links),
  vgchange: (state, _, [name = '']) => {
    const group = state.groups.find((each) => each.name === name);
    if (group === undefined) return failed(`  Volume group "${name}" not found\n  Cannot process volume group ${name}`);
    for (const lv of group.lvs) lv.active = true;
    return ok('');
  },
  lvcreate: (state, options, [name = '', ...disks]) => {
    const group = state.groups.find((each) => each.name === name);
    if (group === undefined) return failed(`  Volume group "${name}" not found\n  Cannot process volume group ${name}`);
    const lv = options.one('--name') ?? '';
    if (group.lvs.some((each) => each.name === lv)) {
      return failed(`  Logical Volume "${lv}" already exists in volume group "${name}"`);
    }
    const extents = Number(options.one('--extents'));
    const free = freeExtents(state, group);
    if (extents > free) {
      return failed(`  Volume group "${name}" has insufficient free space (${free} extents): ${extents} required.`);
    }
    const type = options.one('--type') ?? 'linear';
    const layout = type === 'raid1' ? RAID1 : type;
    const stripes = Number(options.one('--stripes') ?? 1);
    const room = freeByPv(state, group, disks);
    const placed = placeParts({ layout, stripes, extents, room });
    if (placed === undefined) {
      return failed(`  Insufficient suitable allocatable extents for logical volume ${lv}: ${extents} more required`);
    }
    const common = { active: true, minor: state.minors, tags: [...options.all('--addtag')] };
    group.lvs.push({ name: lv, layout, ...placed, ...common });
    state.minors += 1;
    return ok(`  Logical volume "${lv}" created.`);
  },
  lvextend: (state, options, [path = '']) => {
    const found = findLv(state, path);
    if (found === undefined) return failed(`  Failed to find logical volume "${path}"`);
    const extents = Number(options.one('--extents'));
    if (extents === found.lv.extents) {
      return failed(`  New size (${extents} extents) matches existing size (${extents} extents).`);
    }
    const grown = growParts(found.lv, extents, freeByPv(state, found.group));
    if (grown === undefined) return failed(`  Insufficient suitable allocatable extents for logical volume ${path}`);
    Object.assign(found.lv, grown);
    return ok('');
  },
  lvchange: (state, options, [path = '']) => {
    const found = findLv(state, path);
    if (found === undefined) return failed(`  Failed to find logical volume "${path}"`);
    const activate = options.one('--activate');
    if (activate === 'n' && found.lv.open) return failed(`  Logical volume ${path} in use.`);
    if (activate !== undefined) found.lv.active = activate === 'y';
    // A device that is made or loaded anew is what LVM has written down.
    if (activate !== undefined || options.has('--refresh')) delete found.lv.deviceExtents;
    const gone = options.all('--deltag');
    found.lv.tags = found.lv.tags.filter((tag) => !gone.includes(tag));
    return ok('');
  },
  lvremove: (state, _, [path = '']) => {
    const found = findLv(state, path);
    if (found === undefined) return failed(`  Failed to find logical volume "${path}"`);
    if (state.mounts.some((mount) => mount.device === `253:${found.lv.minor}`)) {
      return failed(`  Logical volume ${path} contains a filesystem in use.`);
    }
    found.group.lvs = found.group.lvs.filter((each) => each !== found.lv);
    state.removed.push(found.lv);
    return ok('');
  },
  fullreport: (state) => ok(JSON.stringify(report(state), null, 1)),
};

export const findLv = (state: MachineState, path: string): { group: FakeGroup; lv: FakeLv } | undefined => {
  const [groupName, name] = path.replace('/dev/', '').split('/');
  const group = state.groups.find((each) => each.name === groupName);
  const lv = group?.lvs.find((each) => each.name === name);
  return group && lv && { group, lv };
};

export const findDisk = (state: MachineState, path: string): FakeDisk | undefined =>
  state.disks.find((disk) => disk.path === (state.links[path] ?? path));

const join = (state: MachineState, group: string, links: readonly string[]): CommandResult => {
  for (const link of links) {
    const content = findDisk(state, link)?.content;
    if (content?.kind !== 'pv') return failed(`  No PV found on device ${link}.`);
    if (content.group !== '')
      return failed(`  Physical volume '${link}' is already in volume group '${content.group}'`);
  }
  for (const link of links) Object.assign(findDisk(state, link)?.content ?? {}, { group });
  return ok('');
};

const pvRows = (state: MachineState, group: string) =>
  pvsOf(state, group).map(({ disk, uuid, free }) => ({
    pv_name: disk.path,
    pv_uuid: uuid,
    pv_missing: '',
    dev_size: String(disk.sizeBytes),
    pe_start: String(METADATA),
    pv_pe_count: group === '' ? '0' : String(extentsOf(disk)),
    pv_pe_alloc_count: group === '' ? '0' : String(extentsOf(disk) - free),
  }));

const pvsegRows = (group: FakeGroup) =>
  group.lvs.flatMap(({ name, parts }) =>
    parts.map(({ pv, extents, suffix }) => ({
      pv_uuid: pv,
      pvseg_size: String(extents),
      lv_name: suffix === '' ? name : `[${name}${suffix}]`,
      lv_parent: suffix === '' ? '' : name,
    })),
  );

const lvRow = (lv: FakeLv) => ({
  lv_name: lv.name,
  lv_uuid: `LV-${lv.minor}`,
  lv_size: String(lv.extents * EXTENT),
  lv_tags: lv.tags.join(','),
  lv_active: lv.active ? 'active' : '',
  lv_kernel_major: lv.active ? '253' : '-1',
  lv_kernel_minor: lv.active ? String(lv.minor) : '-1',
  lv_health_status: lv.health ?? '',
  lv_layout: lv.layout,
  sync_percent: lv.layout === RAID1 ? (lv.syncPercent ?? 100).toFixed(2) : '',
});

const report = (state: MachineState) => ({
  report: [
    ...state.groups.map((group) => ({
      vg: [
        {
          vg_name: group.name,
          vg_uuid: group.uuid,
          vg_tags: group.tags.join(','),
          vg_attr: group.attributes ?? 'wz--n-',
          vg_extent_size: String(EXTENT),
          vg_extent_count: String(totalExtents(state, group)),
          vg_free_count: String(freeExtents(state, group)),
        },
      ],
      pv: pvRows(state, group.name),
      lv: group.lvs.map(lvRow),
      pvseg: pvsegRows(group),
    })),
    { pv: pvRows(state, '') },
  ],
});

const ok = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' });
const failed = (stderr: string, exitCode = 5): CommandResult => ({ exitCode, stdout: '', stderr });
