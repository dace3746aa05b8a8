import { AppError } from './errors.ts';

const BINARY_UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const DECIMAL_POWERS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const QUANTITY = /^([+-]?)(\d+)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d+)|([numkMGTPE]))?$/;

/**
 * A Kubernetes quantity as bytes, rounded up to a whole byte as Kubernetes does.
 * Follows k8s.io/apimachinery/pkg/api/resource. Throws InvalidArgument on other text, on negative amounts,
 * and above 2^53-1 bytes (8 PiB).
 */
export const parseQuantity = (text: string): number => {
  const match = QUANTITY.exec(text);
  if (match === null) throw invalid(text, 'write a number with an optional unit, for example 100Gi');
  const [, sign, whole = '', fraction = '', binary, exponent, decimal] = match;
  if (sign === '-') throw invalid(text, 'a size is zero or more');
  const bytes = Number(scale(BigInt(whole + fraction), fraction.length, unitOf(binary, exponent, decimal)));
  if (!Number.isSafeInteger(bytes)) throw invalid(text, 'the largest size is 8 PiB');
  return bytes;
};

/** Bytes as the shortest exact quantity with a binary unit: 1073741824 is `1Gi`, 1500 is `1500`. */
export const formatQuantity = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${BINARY_UNITS[unit]}`;
};

/** Bytes for people: two significant decimals at most, `1.8 TiB`. Not for machines. */
export const formatBytes = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const rounded = unit === 0 || Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
  return `${rounded} ${BINARY_UNITS[unit]}B`;
};

interface Unit {
  readonly base: 2 | 10;
  readonly power: number;
}

const unitOf = (binary: string | undefined, exponent: string | undefined, decimal: string | undefined): Unit => {
  if (binary !== undefined)
    return { base: 2, power: 10 * BINARY_UNITS.indexOf(binary as (typeof BINARY_UNITS)[number]) };
  if (exponent !== undefined) return { base: 10, power: Math.max(-30, Math.min(30, Number(exponent))) };
  return { base: 10, power: DECIMAL_POWERS[decimal ?? ''] ?? 0 };
};

const scale = (digits: bigint, decimals: number, unit: Unit): bigint => {
  const power = BigInt(unit.base) ** BigInt(Math.abs(unit.power));
  const numerator = unit.power >= 0 ? digits * power : digits;
  const denominator = 10n ** BigInt(decimals) * (unit.power >= 0 ? 1n : power);
  return (numerator + denominator - 1n) / denominator;
};

const invalid = (text: string, right: string): AppError =>
  new AppError('InvalidArgument', `"${text.slice(0, 60)}" is not a size: ${right}`);
