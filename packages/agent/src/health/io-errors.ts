import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A disk's errors since a moment. */
export interface ErrorWindow {
  readonly fromMs: number;
  readonly fromCount: number;
}

const WINDOW_MS = 60 * 60_000;

/**
 * So many within an hour are a sign of a failing disk. Fewer are not: the kernel counts each command that ends with anything but
 * success, also those that disks do not know, and some of those that smartctl itself sends.
 */
export const MANY_ERRORS = 100;

/** Brings a disk's window up to date with what the kernel has counted; `many` when there were many errors in it. Pure. */
export const countErrors = (
  window: ErrorWindow | undefined,
  count: number,
  nowMs: number,
): { readonly window: ErrorWindow; readonly many: boolean } => {
  const next = { fromMs: nowMs, fromCount: count };
  // A count that went back is another disk's, or begins anew with the machine.
  if (window === undefined || count < window.fromCount) return { window: next, many: false };
  const many = count - window.fromCount >= MANY_ERRORS;
  return { window: many || nowMs - window.fromMs >= WINDOW_MS ? next : window, many };
};

/** What the kernel has counted of a SCSI or SATA disk since it appeared (drivers/scsi, ioerr_cnt); undefined for others. */
export const readErrorCount = async (sysDir: string, name: string): Promise<number | undefined> => {
  const text = await readFile(join(sysDir, 'block', name, 'device/ioerr_cnt'), 'utf8').catch(() => '');
  return /^0x[0-9a-f]+\s*$/i.test(text) ? Number.parseInt(text, 16) : undefined;
};
