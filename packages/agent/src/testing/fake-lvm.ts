import type { CommandResult } from '@berth/runtime/spawn';
import { freeByPv, freeExtents, growParts, placeParts, RAID1 } from './fake-allocation.ts';
import { type Command, failed, findDisk, findLv, ok, parse } from './fake-lvm-command.ts';
import { LEAVING_COMMANDS } from './fake-lvm-leaving.ts';
import { report } from './fake-lvm-report.ts';
import { advanceMoves, isMoving } from './fake-moves.ts';
import { extentsIn, type MachineState } from './machine-state.ts';

/** LVM as far as the agent uses it, with the exit codes and words of LVM2 2.03. */
export const runFakeLvm = (state: MachineState, argv: readonly string[]): CommandResult => {
  const [command = '', ...rest] = argv;
  const { options, names } = parse(rest);
  const run = COMMANDS[command];
  return run === undefined ? failed(`No such command '${command}'.`, 2) : run(state, options, names);
};

const COMMANDS: Readonly<Record<string, Command>> = {
  ...LEAVING_COMMANDS,
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
    for (const lv of group.lvs) {
      lv.active = true;
      delete lv.unloaded;
    }
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
    if (isMoving(state, found.group, found.lv.name)) return failed(`  Can't resize locked logical volume ${path}.`);
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
    if (activate !== undefined || options.has('--refresh')) {
      delete found.lv.deviceExtents;
      delete found.lv.unloaded;
    }
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
    if (isMoving(state, found.group, found.lv.name)) return failed(`  Can't remove locked logical volume ${path}.`);
    found.group.lvs = found.group.lvs.filter((each) => each !== found.lv);
    state.removed.push(found.lv);
    return ok('');
  },
  fullreport: (state) => {
    advanceMoves(state);
    return ok(JSON.stringify(report(state), null, 1));
  },
};

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
