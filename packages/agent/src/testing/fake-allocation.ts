import { extentsOf, type FakeGroup, type FakeLv, type FakePart, type MachineState } from './machine-state.ts';

// Where the fake LVM puts volumes: on the disks with the most room.

interface Room {
  readonly uuid: string;
  readonly free: number;
}

/** LVM's words for two copies. */
export const RAID1 = 'raid,raid1';

type Placed = Pick<FakeLv, 'extents' | 'parts'>;

/** The physical volumes of a group with what each has free; those of no group for an empty name. */
export const pvsOf = (state: MachineState, name: string) => {
  const held = state.groups.find((group) => group.name === name)?.lvs.flatMap((lv) => lv.parts) ?? [];
  const pvs = state.disks.flatMap((disk) =>
    disk.content?.kind === 'pv' && disk.content.group === name ? [{ disk, pv: disk.content }] : [],
  );
  const coming = pvs.flatMap(({ pv }) => pv.move?.parts ?? []).flatMap(({ to }) => to);
  const parts = [...held, ...coming];
  return pvs.map(({ disk, pv }) => {
    const { uuid } = pv;
    const taken = parts.filter(({ pv }) => pv === uuid).reduce((sum, { extents }) => sum + extents, 0);
    return { disk, pv, uuid, free: extentsOf(disk) - taken };
  });
};

export const freeExtents = (state: MachineState, group: FakeGroup): number =>
  pvsOf(state, group.name).reduce((sum, { free }) => sum + free, 0);

/** Most first, without those that are withheld; only of the named disks when there are any. */
export const freeByPv = (state: MachineState, group: FakeGroup, names: readonly string[] = []): Room[] => {
  const paths = names.map((name) => state.links[name] ?? name);
  return pvsOf(state, group.name)
    .filter(({ disk, pv }) => !pv.withheld && (paths.length === 0 || paths.includes(disk.path)))
    .sort((one, other) => other.free - one.free);
};

/** Undefined when there is no room for a volume of so many extents, or not on enough disks. */
export const placeParts = (ask: {
  readonly layout: FakeLv['layout'];
  readonly stripes: number;
  readonly extents: number;
  readonly room: readonly Room[];
}): Placed | undefined => {
  const { layout, stripes, extents, room } = ask;
  if (layout === 'linear') return fill(extents, room);
  const each = layout === RAID1 ? extents : Math.ceil(extents / stripes);
  const metadata = layout === RAID1 ? 1 : 0;
  const disks = room.slice(0, layout === RAID1 ? 2 : stripes);
  const isEnough =
    disks.length === (layout === RAID1 ? 2 : stripes) && disks.every(({ free }) => free >= each + metadata);
  if (!isEnough) return undefined;
  if (layout === 'striped') {
    return { extents: each * stripes, parts: disks.map(({ uuid }) => ({ pv: uuid, extents: each, suffix: '' })) };
  }
  const parts = disks.flatMap(({ uuid }, copy) => [
    { pv: uuid, extents: metadata, suffix: `_rmeta_${copy}` },
    { pv: uuid, extents: each, suffix: `_rimage_${copy}` },
  ]);
  return { extents, parts };
};

/** Undefined when there is no room to have so many extents. Copies stay on their disks. */
export const growParts = (lv: FakeLv, extents: number, room: readonly Room[]): Placed | undefined => {
  const more = extents - lv.extents;
  if (lv.layout === RAID1) {
    const images = lv.parts.filter(({ suffix }) => suffix.startsWith('_rimage'));
    const isEnough = images.every(({ pv }) => (room.find(({ uuid }) => uuid === pv)?.free ?? 0) >= more);
    return isEnough
      ? { extents, parts: [...lv.parts, ...images.map((image) => ({ ...image, extents: more }))] }
      : undefined;
  }
  const stripes = lv.layout === 'striped' ? new Set(lv.parts.map(({ pv }) => pv)).size : 1;
  const added = placeParts({ layout: lv.layout, stripes, extents: more, room });
  return added && { extents: lv.extents + added.extents, parts: [...lv.parts, ...added.parts] };
};

/** Undefined when there is no room for so many extents. */
export const fill = (extents: number, room: readonly Room[]): Placed | undefined => {
  const parts: FakePart[] = [];
  let left = extents;
  for (const { uuid, free } of room) {
    const taken = Math.min(free, left);
    if (taken > 0) parts.push({ pv: uuid, extents: taken, suffix: '' });
    left -= taken;
  }
  return left === 0 ? { extents, parts } : undefined;
};
