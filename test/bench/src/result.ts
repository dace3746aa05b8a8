/** One measured figure. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same measured in the same run without Berth, or null when there is no such thing. */
  readonly floor: number | null;
  /** value / floor. */
  readonly ratio: number | null;
  /** What ratio, or value where there is no floor, should not exceed. */
  readonly goal: number;
  readonly holds: boolean;
}

export const againstFloor = (
  name: string,
  measured: { value: number; floor: number; unit: string; goal: number },
): Result => {
  const ratio = measured.value / measured.floor;
  return { name, ...measured, ratio, holds: ratio <= measured.goal };
};

export const againstGoal = (name: string, measured: { value: number; unit: string; goal: number }): Result => ({
  name,
  ...measured,
  floor: null,
  ratio: null,
  holds: measured.value <= measured.goal,
});
