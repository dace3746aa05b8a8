import type { KubeClient } from '@berth/kube/client';
import type { Spawner } from '@berth/runtime/spawn';
import { cutShort } from './cut-short.ts';
import type { FakeMachine } from './fake-machine.ts';

/** What ends a piece of work whose process died. */
export class Died extends Error {}

/** Where a process dies: instead of an effect, in the midst of it, or when it has happened and nobody has heard of it. */
export interface CrashPoint {
  /** Counted from 0 over the programs that may change something and the writes to the API server. */
  readonly effect: number;
  readonly when: 'before' | 'during' | 'after';
}

export const WHENS = ['before', 'during', 'after'] as const;

/** One life of a process: the world as it reaches it, until it dies. Nothing that it was doing goes on from then. */
export interface Life {
  readonly spawner: Spawner;
  readonly client: KubeClient;
  /** What the work gives, or Died. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

export interface LifeOptions {
  readonly machine: FakeMachine;
  readonly client: KubeClient;
  /** Called for each effect; says when it is the one that the process dies at. */
  readonly dieAt: () => CrashPoint['when'] | undefined;
}

/** Programs that only look: to die there is to die after what changed last. */
const LOOKS =
  /^(lvm fullreport|lsblk|blkid|dd|stat|xfs_db|xfs_repair -n|e2fsck -n|udevadm|sh -c .* (find-missing|probe)) /s;

export const startLife = ({ machine, client, dieAt }: LifeOptions): Life => {
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => {});
  let isDead = false;
  // A killed process runs no handler of errors either: what it waits for never comes.
  const never = <T>(): Promise<T> => new Promise<T>(() => {});

  const die = <T>(): Promise<T> => {
    isDead = true;
    death.reject(new Died('the process was killed'));
    return never();
  };

  const effect = async <T>(work: () => Promise<T>, half: () => void = () => {}): Promise<T> => {
    if (isDead) return never();
    const when = dieAt();
    if (when === 'during') half();
    if (when === 'before' || when === 'during') return die();
    const result = await work();
    return when === 'after' ? die() : result;
  };

  return {
    attempt: (work) => Promise.race([work(), death.promise]),
    spawner: {
      run: (argv, options) => {
        const run = () => machine.spawner.run(argv, options);
        const half = () => {
          cutShort(machine.state, argv);
          machine.sync();
        };
        if (LOOKS.test(`${argv.join(' ')} `)) return isDead ? never() : run();
        return effect(run, half);
      },
    },
    client: {
      ...client,
      create: (...call) => effect(() => client.create(...call)),
      mergePatch: (...call) => effect(() => client.mergePatch(...call)),
      apply: (...call) => effect(() => client.apply(...call)),
      delete: (...call) => effect(() => client.delete(...call)),
    },
  };
};
