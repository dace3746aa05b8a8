import type { DiskHealth } from '@berth/contract/resources/node-storage';
import { describe, expect, it } from 'vitest';
import { failureOf, type HealthFacts, judgeHealth } from './disk-health.ts';

const NOW = new Date('2026-01-02T12:00:00Z');
const HOUR = 60 * 60_000;
const PASSED = { smart: 'Passed', percentageUsed: 3 } as const;
const FAILED = { smart: 'Failed', reason: 'its reliability is degraded' } as const;
const UNKNOWN = { smart: 'Unknown', reason: 'the node has no program smartctl' } as const;
const HEALTHY: DiskHealth = { ...PASSED, state: 'Healthy' };
const FAILING: DiskHealth = { ...FAILED, state: 'Failing' };
const errorsBefore = (hours: number) => new Date(NOW.getTime() - hours * HOUR).toISOString();

const judge = (facts: Partial<HealthFacts>) =>
  judgeHealth({ reading: PASSED, manyErrors: false, before: undefined, now: NOW, ...facts });
const failure = (health: DiskHealth) =>
  failureOf({
    ...{ identity: { value: 'a', tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512 },
    state: 'Adopted',
    health,
  });

describe('the health of a disk', () => {
  it('is what the disk says of itself', () => {
    expect(judge({})).toEqual(HEALTHY);
    expect(judge({ reading: FAILED, before: HEALTHY })).toEqual(FAILING);
    expect(judge({ before: FAILING })).toEqual(HEALTHY);
  });

  it('is unknown, and not bad, where the disk can not be asked', () => {
    expect(judge({ reading: UNKNOWN })).toEqual({ ...UNKNOWN, state: 'Unknown' });
    expect(judge({ reading: UNKNOWN, before: HEALTHY })).toEqual({ ...UNKNOWN, state: 'Unknown' });
  });

  it('stays bad when a disk that said so can no longer be asked', () => {
    expect(judge({ reading: UNKNOWN, before: FAILING })).toEqual(FAILING);
  });

  it('is what it was while the disk sleeps', () => {
    expect(judge({ reading: undefined, before: HEALTHY })).toEqual(HEALTHY);
    expect(judge({ reading: undefined, before: FAILING })).toEqual(FAILING);
    expect(judge({ reading: undefined })).toMatchObject({
      state: 'Unknown',
      reason: expect.stringContaining('sleeps'),
    });
  });

  it('is bad for a day after many errors, whatever the disk says', () => {
    const bad = judge({ manyErrors: true });
    expect(bad).toEqual({ ...PASSED, state: 'Failing', ioErrorsAt: NOW.toISOString() });
    expect(judge({ before: { ...bad, ioErrorsAt: errorsBefore(23) } })).toMatchObject({ state: 'Failing' });
    expect(judge({ before: { ...bad, ioErrorsAt: errorsBefore(24) } })).toEqual(HEALTHY);
    expect(judge({ reading: UNKNOWN, manyErrors: true })).toMatchObject({ state: 'Failing', smart: 'Unknown' });
  });

  it('counts the day from the last errors', () => {
    const before = { ...HEALTHY, state: 'Failing', ioErrorsAt: errorsBefore(20) } as const;
    expect(judge({ before, manyErrors: true }).ioErrorsAt).toBe(NOW.toISOString());
  });

  it('is explained by all that is wrong, and by nothing else', () => {
    const ioErrorsAt = NOW.toISOString();
    const errors = `it had 100 I/O errors or more within an hour, at last at ${ioErrorsAt}`;
    expect(failure(FAILING)).toBe('its reliability is degraded');
    expect(failure({ ...UNKNOWN, state: 'Failing', ioErrorsAt })).toBe(errors);
    expect(failure({ ...FAILING, ioErrorsAt })).toBe(`its reliability is degraded; ${errors}`);
  });
});
