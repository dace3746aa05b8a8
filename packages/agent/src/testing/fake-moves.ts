import { fill, freeByPv, pvsOf } from './fake-allocation.ts';
import type { FakeGroup, FakeLv, FakeMove, FakePart, FakePv, MachineState } from './machine-state.ts';

// How the fake LVM moves extents from one physical volume to others.

export const isMoving = (state: MachineState, group: FakeGroup, lv: string): boolean =>
  pvsOf(state, group.name).some(({ pv }) => pv.move?.parts.some((part) => part.lv === lv));

/** Begins to move these volumes off a physical volume. Returns whether there was room; when not, nothing is moved. */
export const beginMove = (state: MachineState, group: FakeGroup, pv: FakePv, lvs: readonly FakeLv[]): boolean => {
  const parts: { lv: string; to: readonly FakePart[] }[] = [];
  pv.move = { parts, percent: 0, polled: true };
  for (const lv of lvs) {
    const extents = lv.parts.reduce((sum, part) => sum + (part.pv === pv.uuid ? part.extents : 0), 0);
    const room = freeByPv(state, group).filter(({ uuid }) => uuid !== pv.uuid);
    const placed = fill(extents, room);
    if (placed === undefined) {
      delete pv.move;
      return false;
    }
    parts.push({ lv: lv.name, to: placed.parts });
  }
  return true;
};

/** What LVM's poller does while nobody looks: moves go on, and end. */
export const advanceMoves = (state: MachineState): void => {
  const all = state.groups.flatMap((group) => pvsOf(state, group.name).map(({ pv }) => ({ group, pv })));
  for (const { group, pv } of all) {
    if (!pv.move?.polled) continue;
    pv.move.percent += state.percentPerReport;
    if (pv.move.percent >= 100) finish(group, pv, pv.move);
  }
};

const finish = (group: FakeGroup, pv: FakePv, { parts }: FakeMove): void => {
  for (const { lv: name, to } of parts) {
    for (const lv of group.lvs.filter((each) => each.name === name)) {
      lv.parts = [...lv.parts.filter((part) => part.pv !== pv.uuid), ...to];
    }
  }
  delete pv.move;
};
