import { hasCode, toAppError } from '@berth/contract/errors';
import type { Host } from '../host/host.ts';
import { parseSmartReport, type SmartReading } from './smart-report.ts';

const SMART_MS = 20_000;

/** Wakes no disk, starts no test, changes nothing. */
const SMARTCTL = ['smartctl', '--json=c', '--nocheck=standby', '--info', '--health', '--attributes'] as const;

/** Asks disks for their health, and none that has not answered yet. */
export const createSmartReader = (host: Host) => {
  /** Paths of disks whose program was killed and has not ended: it waits for the disk. */
  const unended = new Set<string>();

  /**
   * What the disk says of itself, undefined when it sleeps. One that can't be asked is Unknown, with the reason: that smartctl is
   * missing, or that it did not end. Never throws but for the signal.
   */
  return async (path: string, signal: AbortSignal): Promise<SmartReading | undefined> => {
    if (unended.has(path)) return { smart: 'Unknown', reason: 'it has not answered smartctl for a long time' };
    unended.add(path);
    const onEnded = () => unended.delete(path);
    try {
      const { stdout } = await host.run([...SMARTCTL, path], { timeoutMs: SMART_MS, signal, onEnded });
      onEnded();
      return parseSmartReport(stdout);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!hasCode(thrown, 'Timeout')) onEnded();
      return { smart: 'Unknown', reason: toAppError(thrown).message };
    }
  };
};
