import type { KillPoint } from './lvm-place.ts';

/** The calls of the kernel's by which LVM reads and writes disks, and makes and changes devices. */
export const CALLS = 'io_submit,pwrite64,ioctl';

/** Lines of strace(1) about those that change something; the requests of device mapper are those of Linux 6.1's dm-ioctl.h. */
const CHANGES =
  /^(pwrite64\(|io_submit\(.*IOCB_CMD_PWRITE|ioctl\(\d+, (DM_(DEV_(CREATE|REMOVE|RENAME|SUSPEND)|TABLE_(LOAD|CLEAR))|BLK(DISCARD|ZEROOUT))\b)/;

/** Where the command of this trace could be killed. */
export const killPointsIn = (trace: string): KillPoint[] => {
  const counts = new Map<string, number>();
  return trace.split('\n').flatMap((line) => {
    const call = /^\w+(?=\()/.exec(line)?.[0];
    if (call === undefined) return [];
    const number = (counts.get(call) ?? 0) + 1;
    counts.set(call, number);
    return CHANGES.test(line) ? [{ call, number }] : [];
  });
};
