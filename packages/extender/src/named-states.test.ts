import { nodeState } from '@berth/placement/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createNamedStates } from './named-states.ts';

const name = fc.constantFrom('n1', 'n2', 'n3', 'n4');
const step = fc.tuple(fc.constantFrom('get', 'get', 'get', 'set', 'delete'), name);

it('finds what a map would find, in whatever order is asked and whatever changes between', () => {
  fc.assert(
    fc.property(fc.array(step, { size: 'max', maxLength: 80 }), (steps) => {
      const states = createNamedStates();
      const expected = new Map<string, ReturnType<typeof nodeState>>();
      for (const [what, which] of steps) {
        const state = nodeState(which);
        if (what === 'set') states.set(state);
        if (what === 'set') expected.set(which, state);
        if (what === 'delete') states.delete(which);
        if (what === 'delete') expected.delete(which);
        expect(states.get(which)).toBe(expected.get(which));
      }
    }),
  );
});
