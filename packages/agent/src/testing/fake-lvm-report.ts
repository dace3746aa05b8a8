import { pvsOf, RAID1 } from './fake-allocation.ts';
import { isMoving } from './fake-moves.ts';
import { EXTENT, extentsOf, type FakeGroup, type FakeLv, type MachineState, METADATA } from './machine-state.ts';

/** What `lvm fullreport` writes of the columns that the agent asks for. */
export const report = (state: MachineState) => ({
  report: [
    ...state.groups.map((group) => ({
      vg: [
        {
          vg_name: group.name,
          vg_uuid: group.uuid,
          vg_tags: group.tags.join(','),
          vg_attr: group.attributes ?? 'wz--n-',
          vg_extent_size: String(EXTENT),
        },
      ],
      pv: pvRows(state, group.name),
      lv: group.lvs.map((lv) => lvRow(lv, isMoving(state, group, lv.name))),
      pvseg: pvsegRows(state, group),
    })),
    { pv: pvRows(state, '') },
  ],
});

const pvRows = (state: MachineState, group: string) =>
  pvsOf(state, group).map(({ disk, pv, uuid, free }) => ({
    pv_name: disk.path,
    pv_uuid: uuid,
    pv_missing: '',
    dev_size: String(disk.sizeBytes),
    pe_start: String(METADATA),
    pv_pe_count: group === '' ? '0' : String(extentsOf(disk)),
    pv_pe_alloc_count: group === '' ? '0' : String(extentsOf(disk) - free),
    pv_allocatable: group === '' || pv.withheld ? '' : 'allocatable',
    pv_in_use: group === '' ? '' : 'used',
    pv_tags: (pv.tags ?? []).join(','),
  }));

const lvRow = (lv: FakeLv, isLocked: boolean) => ({
  lv_name: lv.name,
  lv_uuid: `LV-${lv.minor}`,
  lv_size: String(lv.extents * EXTENT),
  lv_tags: lv.tags.join(','),
  lv_active: lv.active ? 'active' : '',
  lv_live_table: lv.active && !lv.unloaded ? 'live table present' : '',
  lv_suspended: '',
  lv_kernel_major: lv.active ? '253' : '-1',
  lv_kernel_minor: lv.active ? String(lv.minor) : '-1',
  lv_health_status: lv.health ?? '',
  lv_layout: lv.layout,
  sync_percent: lv.layout === RAID1 ? (lv.syncPercent ?? 100).toFixed(2) : '',
  lv_allocation_locked: isLocked ? 'allocation locked' : '',
});

/** As LVM shows them: while extents are moved, both their places belong to a hidden volume. */
const pvsegRows = (state: MachineState, group: FakeGroup) => {
  const moves = pvsOf(state, group.name).flatMap(({ uuid, pv }) => (pv.move ? [{ from: uuid, ...pv.move }] : []));
  const moving = ({ from, percent }: { from: string; percent: number }, pv: string, extents: number) => ({
    pv_uuid: pv,
    pvseg_size: String(extents),
    ...{ lv_name: '[pvmove0]', lv_parent: '', move_pv_uuid: from, copy_percent: percent.toFixed(2) },
  });
  const held = group.lvs.flatMap(({ name, parts }) =>
    parts.map(({ pv, extents, suffix }) => {
      const move = moves.find(({ from, parts }) => from === pv && parts.some(({ lv }) => lv === name));
      if (move !== undefined) return moving(move, pv, extents);
      const lv_name = suffix === '' ? name : `[${name}${suffix}]`;
      const lv_parent = suffix === '' ? '' : name;
      const sizes = { pv_uuid: pv, pvseg_size: String(extents) };
      return { ...sizes, lv_name, lv_parent, move_pv_uuid: '', copy_percent: '' };
    }),
  );
  const coming = moves.flatMap((move) =>
    move.parts.flatMap(({ to }) => to.map(({ pv, extents }) => moving(move, pv, extents))),
  );
  return [...held, ...coming];
};
