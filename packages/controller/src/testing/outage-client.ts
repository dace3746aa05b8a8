import { AppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import type { Clock } from '@berth/runtime/clock';

export interface Outage {
  /** The API server is gone after this many calls; the answer to the last of them is lost on the way. */
  readonly afterCalls: number;
  readonly ms: number;
}

export interface OutageClient extends KubeClient {
  /** Calls made so far, those that failed included; lists and watches do not count. */
  count(): number;
  /** Whether nobody answers at the moment. */
  isDown(): boolean;
  /** Whether the outage has begun; it may be over. */
  hasBegun(): boolean;
}

/** Passes calls on, but for the time of one outage answers none, and breaks the watches that run when it begins. */
export const createOutageClient = (client: KubeClient, clock: Clock, outage: Outage | undefined): OutageClient => {
  const broken = Promise.withResolvers<never>();
  // Nobody may be watching.
  broken.promise.catch(() => {});
  let count = 0;
  let endsMs: number | undefined;
  const isDown = () => endsMs !== undefined && clock.monotonicMs() < endsMs;
  const gone = () => new AppError('Unavailable', 'no answer from the API server');

  const begin = (ms: number) => {
    endsMs = clock.monotonicMs() + ms;
    broken.reject(gone());
  };
  const answer = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDown()) throw gone();
    return work();
  };
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    count += 1;
    const isLast = count === outage?.afterCalls;
    const result = await answer(work);
    if (!isLast) return result;
    begin(outage.ms);
    throw gone();
  };

  return {
    ...client,
    count: () => count,
    isDown,
    hasBegun: () => endsMs !== undefined,
    get: (...call) => counted(() => client.get(...call)),
    create: (...call) => counted(() => client.create(...call)),
    mergePatch: (...call) => counted(() => client.mergePatch(...call)),
    delete: (...call) => counted(() => client.delete(...call)),
    list: (...call) => answer(() => client.list(...call)),
    watch: async function* (resource, options, signal) {
      if (isDown()) throw gone();
      const events = client.watch(resource, options, signal)[Symbol.asyncIterator]();
      const isBefore = endsMs === undefined;
      for (;;) {
        const next = await (isBefore ? Promise.race([events.next(), broken.promise]) : events.next());
        if (next.done) return;
        yield next.value;
      }
    },
  };
};
