import { AppError } from '@berth/contract/errors';
import { formatBytes } from '@berth/contract/quantity';
import type { CapacityRange } from '@berth/csi/messages';

/** Bytes that a volume has at least and at most; zero and infinite where the caller did not say. */
export interface SizeRange {
  readonly least: number;
  readonly most: number;
}

/**
 * Throws InvalidArgument for a range that no size is in, OutOfRange for sizes that can't be counted exactly (above 8 PiB).
 */
export const parseCapacityRange = (range: CapacityRange | null): SizeRange => {
  const least = parseBytes(range?.requiredBytes ?? '0', 'required_bytes');
  const limit = parseBytes(range?.limitBytes ?? '0', 'limit_bytes');
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  if (least <= most) return { least, most };
  throw new AppError(
    'InvalidArgument',
    `capacity_range asks for at least ${least} and at most ${most} bytes; no size is both`,
  );
};

/** Throws OutOfRange when a volume of this real size is larger than the caller allows. */
export const checkLimit = (realBytes: number, { most }: SizeRange): void => {
  if (realBytes <= most) return;
  throw new AppError(
    'OutOfRange',
    `the volume has whole extents, which makes ${formatBytes(realBytes)}, more than the limit of ${formatBytes(most)}`,
  );
};

const parseBytes = (text: string, field: string): number => {
  const bytes = Number(text);
  if (bytes < 0) throw new AppError('InvalidArgument', `${field} is ${text}; a size is zero or more`);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new AppError('OutOfRange', `${field} is ${text}; the largest size is 8 PiB`);
};
