import { describe, expect, it } from 'vitest';
import { type Condition, setCondition } from './conditions.ts';
import { conditionSchema } from './resources/fields.ts';

const early = new Date('2026-01-01T00:00:00Z');
const late = new Date('2026-01-02T00:00:00Z');
const ready = { type: 'Ready', status: 'True', reason: 'Created', message: 'made' } as const;

describe('conditions', () => {
  it('gives the same list back when nothing changed, so that nothing is written', () => {
    const before = setCondition([], ready, early);
    expect(setCondition(before, ready, late)).toBe(before);
  });

  it('moves the transition time only with the status', () => {
    const before = setCondition([], ready, early);
    const reworded = setCondition(before, { ...ready, message: 'still there' }, late);
    expect(reworded[0]?.lastTransitionTime).toBe(early.toISOString());
    const flipped = setCondition(before, { ...ready, status: 'False' }, late);
    expect(flipped[0]?.lastTransitionTime).toBe(late.toISOString());
  });

  it('leaves other conditions as they are', () => {
    const other: Condition = { ...ready, type: 'Healthy', lastTransitionTime: early.toISOString() };
    expect(setCondition([other], ready, late)[0]).toBe(other);
  });

  it('trap 94: cuts a message to what the schema allows', () => {
    const [condition] = setCondition([], { ...ready, message: 'x'.repeat(40_000) }, early);
    expect(conditionSchema.safeParse(condition).success).toBe(true);
  });
});
