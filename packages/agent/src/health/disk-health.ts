import type { DiskHealth, DiskStatus } from '@berth/contract/resources/node-storage';
import { MANY_ERRORS } from './io-errors.ts';
import type { SmartReading } from './smart-report.ts';

/** For so long after many I/O errors a disk counts as failing. */
const REMEMBER_MS = 24 * 60 * 60_000;

export interface HealthFacts {
  /** What the disk says of itself; undefined when it sleeps. */
  readonly reading: SmartReading | undefined;
  /** Whether the kernel has just counted many I/O errors. */
  readonly manyErrors: boolean;
  /** What was told of the disk before, also by an agent that ran before this one. */
  readonly before: DiskHealth | undefined;
  readonly now: Date;
}

/**
 * What to tell of a disk's health: failing when it says so itself, or when it had many I/O errors within the last day. A disk that
 * sleeps is what it was, and one that said it fails is not well because it can no longer be asked. Pure.
 */
export const judgeHealth = ({ reading, manyErrors, before, now }: HealthFacts): DiskHealth => {
  const said = settle(reading, before);
  const ioErrorsAt = manyErrors ? now.toISOString() : before?.ioErrorsAt;
  if (ioErrorsAt !== undefined && now.getTime() - Date.parse(ioErrorsAt) < REMEMBER_MS) {
    return { ...said, state: 'Failing', ioErrorsAt };
  }
  return { ...said, state: STATES[said.smart] };
};

const STATES = { Passed: 'Healthy', Failed: 'Failing', Unknown: 'Unknown' } as const;

const settle = (reading: SmartReading | undefined, before: DiskHealth | undefined): SmartReading => {
  if (reading !== undefined && (reading.smart !== 'Unknown' || before?.smart !== 'Failed')) return reading;
  if (before === undefined) return { smart: 'Unknown', reason: 'it sleeps, and is not woken to be asked' };
  const { state: _, ioErrorsAt: __, ...said } = before;
  return said;
};

/** Whether a disk is a reason to make no volumes on it. One that is gone is the matter of its group, which misses it. */
export const isFailing = ({ state, health }: DiskStatus): boolean => state !== 'Missing' && health?.state === 'Failing';

/** What is wrong with a disk that is failing, as a sentence's part. */
export const failureOf = ({ health }: DiskStatus): string => {
  const { smart, reason, ioErrorsAt } = health ?? {};
  const errors = ioErrorsAt && `it had ${MANY_ERRORS} I/O errors or more within an hour, at last at ${ioErrorsAt}`;
  return [smart === 'Failed' ? reason : undefined, errors].filter((part) => part !== undefined).join('; ');
};
