import fc from 'fast-check';
import { expect, it } from 'vitest';
import { largestFitting } from './largest.ts';

it('is the limit in whole extents, however far the bound lies above or below it', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.nat(10_000), fc.integer({ min: 1, max: 64 }), (limit, bound, extent) => {
      const found = largestFitting(bound, extent, (bytes) => bytes <= limit);
      expect(found).toBe(Math.floor(Math.min(limit, bound) / extent) * extent);
    }),
  );
});

it('is nothing where the report says no extent size', () => {
  expect(largestFitting(100, 0, () => true)).toBe(0);
});
