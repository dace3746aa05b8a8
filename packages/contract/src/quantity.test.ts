import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatQuantity, parseQuantity } from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['0', 0],
    ['1Gi', 1024 ** 3],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['100M', 100_000_000],
    ['1e3', 1000],
    ['2E', 2e18],
    ['1500m', 2],
    ['0.1', 1],
    ['+5Ki', 5120],
    ['204796Mi', 204796 * 1024 ** 2],
  ])('reads %s', (text, bytes) => {
    if (bytes > Number.MAX_SAFE_INTEGER) expect(() => parseQuantity(text)).toThrow('8 PiB');
    else expect(parseQuantity(text)).toBe(bytes);
  });

  it.each(['', 'Gi', '1 Gi', '1gib', '1GiB', '-1Gi', '1.2.3', 'NaN', '0x10', '1e', '9Ei'])(
    'refuses %j with a sentence',
    (text) => {
      expect(() => parseQuantity(text)).toThrow(/is not a size: /);
    },
  );

  it('writes any number of bytes so that reading gives it back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseQuantity(formatQuantity(bytes))).toBe(bytes);
      }),
    );
  });

  it('writes whole extents with their unit', () => {
    expect(formatQuantity(204796 * 1024 ** 2)).toBe('204796Mi');
    expect(formatQuantity(1024 ** 4)).toBe('1Ti');
  });

  it.each([
    [0, '0 B'],
    [1536, '1.50 KiB'],
    [300 * 1024 ** 3, '300 GiB'],
    [1.8 * 1024 ** 4, '1.80 TiB'],
    [212.4 * 1024 ** 3, '212.4 GiB'],
  ])('shows %d bytes to people as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
