import type { Clock } from '@berth/runtime/clock';
import type { PhysicalVolume } from '../../lvm/report.ts';

/** Tells which moves nobody sees through: LVM goes on with one only while a program of it looks after it. */
export interface StallWatch {
  /** We have just had LVM begin or resume the move from this physical volume. */
  begun(pv: PhysicalVolume): void;
  /** Whether its move was not begun by this process, or has copied nothing for minutes. */
  isStalled(pv: PhysicalVolume): boolean;
}

/** LVM tells how much is copied in hundredths of a percent. */
const STALL_MS = 5 * 60_000;

export const createStallWatch = (clock: Clock): StallWatch => {
  const known = new Map<string, { readonly seen: string; readonly sinceMs: number }>();

  const note = ({ uuid }: PhysicalVolume, seen: string) => {
    known.set(uuid, { seen, sinceMs: clock.monotonicMs() });
  };

  return {
    begun: (pv) => note(pv, ''),
    isStalled: (pv) => {
      if (pv.move === undefined) return false;
      const seen = `${pv.usedBytes} ${pv.move.copiedBytes}`;
      const before = known.get(pv.uuid);
      if (before === undefined) return true;
      if (before.seen !== seen) note(pv, seen);
      return before.seen === seen && clock.monotonicMs() - before.sinceMs >= STALL_MS;
    },
  };
};
