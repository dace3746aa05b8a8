import type { Choice, Rooms } from './rooms.ts';

/** The best, best first: certain room before room that depends on other pods, then by score, then by name. */
export const bestOf = (rooms: Rooms, limit: number): Choice[] => rowsOf(rooms, limit).map((row) => rooms.choice(row));

const rowsOf = (rooms: Rooms, limit: number): number[] => {
  const byMerit = meritIn(rooms);
  if (limit >= rooms.length) return Array.from(rooms.nodes.keys()).sort(byMerit);
  const best: number[] = [];
  for (let row = 0; row < rooms.length; row += 1) {
    const worst = best[limit - 1];
    if (worst !== undefined && byMerit(worst, row) < 0) continue;
    if (best.length === limit) best.pop();
    let at = best.length;
    for (let before = best[at - 1]; before !== undefined && byMerit(row, before) < 0; before = best[at - 1]) at -= 1;
    best.splice(at, 0, row);
  }
  return best;
};

const meritIn = (rooms: Rooms) => {
  const nameOf = (row: number) => rooms.nodes[row]?.name ?? '';
  return (a: number, b: number): number => {
    if (rooms.sure(a) !== rooms.sure(b)) return rooms.sure(a) ? -1 : 1;
    return rooms.score(b) - rooms.score(a) || (nameOf(a) < nameOf(b) ? -1 : 1);
  };
};
