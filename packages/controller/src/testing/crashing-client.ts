import type { KubeClient } from '@berth/kube/client';

export class Crash extends Error {}

/** Crash instead of the call, or right after it took effect. */
export interface CrashPoint {
  readonly call: number;
  readonly when: 'before' | 'after';
}

export interface CrashingClient extends KubeClient {
  /** How many calls were made; lists and watches do not count. */
  readonly count: () => number;
}

/** Passes calls on, except that those at a crash point throw Crash. */
export const createCrashingClient = (client: KubeClient, crashes: readonly CrashPoint[]): CrashingClient => {
  let count = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    const call = count;
    count += 1;
    const crash = crashes.find((each) => each.call === call);
    if (crash?.when === 'before') throw new Crash(`before call ${call}`);
    const result = await work();
    if (crash !== undefined) throw new Crash(`after call ${call}`);
    return result;
  };
  return {
    ...client,
    count: () => count,
    get: (...call) => counted(() => client.get(...call)),
    create: (...call) => counted(() => client.create(...call)),
    mergePatch: (...call) => counted(() => client.mergePatch(...call)),
    delete: (...call) => counted(() => client.delete(...call)),
  };
};
