import { pvsOf, RAID1 } from './fake-allocation.ts';
import { type Command, failed, findDisk, ok } from './fake-lvm-command.ts';
import { beginMove, isMoving } from './fake-moves.ts';
import type { FakeGroup, FakePv, MachineState } from './machine-state.ts';

/** The commands by which extents are moved and disks leave their groups. */
export const LEAVING_COMMANDS: Readonly<Record<string, Command>> = {
  pvchange: (state, options, [path = '']) => {
    const pv = findPv(state, path);
    if (pv === undefined) return failed(`  Failed to find physical volume "${path}".`);
    const allocatable = options.one('--allocatable');
    if (allocatable !== undefined) pv.withheld = allocatable === 'n';
    const gone = options.all('--deltag');
    pv.tags = [...new Set([...(pv.tags ?? []), ...options.all('--addtag')])].filter((tag) => !gone.includes(tag));
    return ok(`  Physical volume "${path}" changed`);
  },
  pvmove: (state, options, [path = '']) => {
    const pv = findPv(state, path);
    const group = state.groups.find(({ name }) => name === pv?.group);
    if (pv === undefined || group === undefined) return failed(`  Failed to find physical volume "${path}".`);
    if (options.has('--abort')) {
      if (!pv.move?.polled) return ok(`  ${path}: Interrupted: No longer active.`);
      delete pv.move;
      return ok('');
    }
    if (pv.move === undefined) return begin(state, group, pv, options.one('--name'));
    pv.move.polled = true;
    return ok(`  Detected pvmove in progress for ${path}.`);
  },
  vgreduce: (state, _, [name = '', path = '']) => {
    const group = state.groups.find((each) => each.name === name);
    const pv = findPv(state, path);
    if (group === undefined || pv?.group !== name)
      return failed(`  Physical volume ${path} not in volume group ${name}`);
    if (group.lvs.some(({ parts }) => parts.some((part) => part.pv === pv.uuid)))
      return failed(`  Physical volume "${path}" still in use`);
    if (pvsOf(state, name).length === 1) {
      return failed(`  Can't remove final physical volume "${path}" from volume group "${name}"`);
    }
    leave(pv);
    return ok('');
  },
  vgremove: (state, _, [name = '']) => {
    const group = state.groups.find((each) => each.name === name);
    if (group === undefined) return failed(`  Volume group "${name}" not found\n  Cannot process volume group ${name}`);
    if (group.lvs.length > 0) return failed(`  Volume group "${name}" not removed`);
    for (const { pv } of pvsOf(state, name)) leave(pv);
    state.groups = state.groups.filter((each) => each !== group);
    return ok('');
  },
  pvremove: (state, _, [path = '']) => {
    const disk = findDisk(state, path);
    if (disk?.content?.kind !== 'pv') return failed(`  No PV found on device ${path}.`);
    const { group } = disk.content;
    if (group !== '') return failed(`  PV ${path} is used by VG ${group} so please use vgreduce first.`);
    delete disk.content;
    return ok('');
  },
};

const findPv = (state: MachineState, path: string): FakePv | undefined => {
  const content = findDisk(state, path)?.content;
  return content?.kind === 'pv' ? content : undefined;
};

const leave = (pv: FakePv): void => {
  pv.group = '';
  pv.tags = [];
  pv.withheld = false;
};

const begin = (state: MachineState, group: FakeGroup, pv: FakePv, name: string | undefined) => {
  const lvs = group.lvs.filter(
    (lv) =>
      lv.parts.some((part) => part.pv === pv.uuid) &&
      (name === undefined || lv.name === name) &&
      !isMoving(state, group, lv.name),
  );
  // As the newest versions do.
  if (lvs.some(({ layout }) => layout === RAID1)) return failed('  Unable to pvmove RAID logical volumes.');
  if (lvs.length === 0) return failed(`  No data to move for ${group.name}.`);
  if (beginMove(state, group, pv, lvs)) return ok('');
  return failed(
    '  Insufficient free space: extents needed, but none available\n  Failed to convert pvmove LV to mirrored.',
  );
};
