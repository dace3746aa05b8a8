import { toAppError } from '@berth/contract/errors';
import type { ObjectMeta } from '@berth/contract/resources/object';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { KubeClient } from './client.ts';
import { EVENTS } from './resources.ts';
import type { CoreEvent } from './types.ts';

export interface EventTarget {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  /** A sentence for the person who wrote the object. */
  readonly message: string;
  /**
   * What is told is how things stand, perhaps by several programs: the object has one event with this reason, and the newest
   * words replace those before.
   */
  readonly standing?: boolean;
}

export interface EventRecorder {
  /** Writes an event about an object, in the background. Never throws; the same event within ten minutes is counted, not repeated. */
  record(target: EventTarget, event: EventText): void;
}

const REPEAT_MS = 10 * 60_000;
const MOST_REMEMBERED = 4096;
/** The API server refuses longer messages (core/v1 validation). */
const LONGEST_MESSAGE = 1024;

/** One for all programs: who tells last owns the words. */
const STANDING_MANAGER = 'berth-events';

interface Told {
  readonly name: string;
  readonly sinceMs: number;
  count: number;
}

export const createEventRecorder = (options: {
  readonly client: KubeClient;
  readonly component: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): EventRecorder => {
  const { client, component, clock, logger } = options;
  const told = new Map<string, Promise<Told | undefined>>();

  const objectOf = (eventName: string, target: EventTarget, event: EventText): CoreEvent => {
    const now = clock.now().toISOString();
    const { name = '', namespace = 'default', uid, resourceVersion } = target.metadata ?? {};
    return {
      metadata: { name: eventName, namespace },
      involvedObject: {
        apiVersion: target.apiVersion ?? 'v1',
        kind: target.kind ?? '',
        name,
        namespace,
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, LONGEST_MESSAGE),
      source: { component },
      reportingComponent: component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
  };

  const write = async (target: EventTarget, event: EventText): Promise<Told | undefined> => {
    const { name = '', uid = name } = target.metadata ?? {};
    const unique = `${clock.now().getTime().toString(16)}${Math.floor(Math.random() * 0xffff).toString(16)}`;
    try {
      if (event.standing) {
        const object = objectOf(`${uid}.${event.reason.toLowerCase()}`, target, event);
        await client.apply(EVENTS, object, { fieldManager: STANDING_MANAGER });
        return undefined;
      }
      const object = objectOf(`${name}.${unique}`, target, event);
      await client.create(EVENTS, object);
      return { name: object.metadata.name ?? '', sinceMs: clock.monotonicMs(), count: 1 };
    } catch (thrown) {
      logger.warn({ err: toAppError(thrown).message, reason: event.reason }, 'cannot write an event');
      return undefined;
    }
  };

  const countAgain = async (target: EventTarget, earlier: Told): Promise<Told | undefined> => {
    earlier.count += 1;
    const { namespace = 'default' } = target.metadata ?? {};
    const patch = { count: earlier.count, lastTimestamp: clock.now().toISOString() };
    try {
      await client.mergePatch(EVENTS, { name: earlier.name, namespace }, patch);
      return earlier;
    } catch {
      return undefined;
    }
  };

  return {
    record: (target, event) => {
      const { uid, namespace, name } = target.metadata ?? {};
      const subject = uid ?? `${target.kind}/${namespace}/${name}`;
      // One key for all that replaces each other, so that the last to be told is the last to be written.
      const words = event.standing ? [] : [event.message];
      const key = [subject, event.type, event.reason, ...words].join('\n');
      const before = told.get(key) ?? Promise.resolve(undefined);
      const after = before.then((earlier) =>
        earlier !== undefined && clock.monotonicMs() - earlier.sinceMs < REPEAT_MS
          ? countAgain(target, earlier)
          : write(target, event),
      );
      told.delete(key);
      told.set(key, after);
      const [oldest] = told.keys();
      if (told.size > MOST_REMEMBERED && oldest !== undefined) told.delete(oldest);
    },
  };
};
