import { AppError } from '@berth/contract/errors';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { afterEach, describe, expect, it } from 'vitest';
import type { KubeClient, WatchEvent } from './client.ts';
import { NODES } from './resources.ts';
import { createFakeKubeClient } from './testing/fake-kube-client.ts';
import type { Node } from './types.ts';
import { type Change, createWatchCache } from './watch-cache.ts';

const node = (name: string, labels: Record<string, string> = {}): Node => ({ metadata: { name, labels } });

const controllers: AbortController[] = [];
const newSignal = () => {
  const controller = new AbortController();
  controllers.push(controller);
  return controller.signal;
};
afterEach(() => {
  for (const controller of controllers.splice(0)) controller.abort();
});

const cacheOf = (client: KubeClient, clock = systemClock) =>
  createWatchCache({ client, resource: NODES, clock, logger: silentLogger });

describe('a watch cache', () => {
  it('knows what was there and what comes, changes and goes', async () => {
    const client = createFakeKubeClient();
    await client.create(NODES, node('a'));
    const cache = cacheOf(client);
    const changes: string[] = [];
    cache.onChange(({ key, before, after }) => changes.push(`${key} ${before ? 'old' : '-'} ${after ? 'new' : '-'}`));
    cache.start(newSignal());
    await cache.whenSynced(newSignal());
    await client.create(NODES, node('b'));
    await client.mergePatch(NODES, { name: 'b' }, { metadata: { labels: { rack: 'r1' } } });
    await client.delete(NODES, { name: 'a' });
    await expect.poll(() => changes).toEqual(['a - new', 'b - new', 'b old new', 'a old -']);
    expect(cache.list().map((one) => one.metadata?.name)).toEqual(['b']);
    expect(cache.get('b')?.metadata?.labels).toEqual({ rack: 'r1' });
  });

  it('keeps of each object as much as it is told to, from the list as from the watch', async () => {
    const client = createFakeKubeClient();
    await client.create(NODES, node('listed', { rack: 'r1' }));
    const keep = ({ metadata }: Node): Node => ({
      metadata: { name: metadata?.name ?? '', resourceVersion: metadata?.resourceVersion ?? '' },
    });
    const cache = createWatchCache({ client, resource: NODES, keep, clock: systemClock, logger: silentLogger });
    cache.start(newSignal());
    await cache.whenSynced(newSignal());
    await client.create(NODES, node('watched', { rack: 'r1' }));
    await expect.poll(() => cache.list().length).toBe(2);
    for (const { metadata } of cache.list()) expect(Object.keys(metadata ?? {})).toEqual(['name', 'resourceVersion']);
  });

  it('goes on after a listener threw', async () => {
    const client = createFakeKubeClient();
    const cache = cacheOf(client);
    cache.onChange(() => {
      throw new Error('a bug in the listener');
    });
    cache.start(newSignal());
    await client.create(NODES, node('a'));
    await client.create(NODES, node('b'));
    await expect.poll(() => cache.list().length).toBe(2);
  });

  it('lists again when its version is too old, and shows what it missed', async () => {
    const clock = createManualClock();
    const server = scripted([
      { items: [versioned('a', '1')], version: '1', watch: [] },
      { items: [versioned('b', '7')], version: '9', watch: [] },
    ]);
    const cache = cacheOf(server.client, clock);
    const changes: Change<Node>[] = [];
    cache.onChange((change) => changes.push(change));
    cache.start(newSignal());
    await clock.advance(0);
    expect(cache.get('a')).toBeDefined();
    await clock.advance(60_000);
    expect(changes.map(({ key, after }) => [key, after !== undefined])).toEqual([
      ['a', true],
      ['a', false],
      ['b', true],
    ]);
  });

  it('shows an object deleted and made again in a gap as two changes', async () => {
    const clock = createManualClock();
    const server = scripted([
      { items: [versioned('a', '1', 'first')], version: '1', watch: [] },
      { items: [versioned('a', '5', 'second')], version: '5', watch: [] },
    ]);
    const cache = cacheOf(server.client, clock);
    const seen: [string | undefined, string | undefined][] = [];
    cache.onChange(({ before, after }) => seen.push([before?.metadata?.uid, after?.metadata?.uid]));
    cache.start(newSignal());
    await clock.advance(60_000);
    expect(seen).toEqual([
      [undefined, 'first'],
      ['first', undefined],
      [undefined, 'second'],
    ]);
  });

  it('takes up a watch that ended where it left off, without a new list', async () => {
    const clock = createManualClock();
    const server = scripted([
      {
        items: [],
        version: '3',
        watch: [
          [{ type: 'BOOKMARK', object: versioned('', '8') }],
          [{ type: 'ADDED', object: versioned('late', '9') }],
        ],
      },
    ]);
    const cache = cacheOf(server.client, clock);
    cache.start(newSignal());
    await clock.advance(5_000);
    expect(server.watchedFrom.slice(0, 3)).toEqual(['3', '8', '9']);
    expect(server.lists()).toBe(1);
    expect(cache.get('late')).toBeDefined();
  });
});

const versioned = (name: string, resourceVersion: string, uid = name): Node => ({
  metadata: { name, resourceVersion, uid },
});

interface Era {
  readonly items: Node[];
  readonly version: string;
  /** One list of events per watch; after the last, the version counts as too old when another era follows. */
  readonly watch: WatchEvent<Node>[][];
}

/** A server that plays eras: a list, some watches, then "too old". */
const scripted = (eras: Era[]) => {
  const watchedFrom: string[] = [];
  let era = -1;
  let watches = 0;
  const client = {
    list: async () => {
      era += 1;
      watches = 0;
      const { items = [], version: resourceVersion = '0' } = eras[Math.min(era, eras.length - 1)] ?? {};
      return { items, resourceVersion };
    },
    watch: async function* (_resource: unknown, options: { resourceVersion: string }) {
      watchedFrom.push(options.resourceVersion);
      const events = eras[era]?.watch[watches];
      watches += 1;
      if (events !== undefined) yield* events;
      else if (era < eras.length - 1) throw new AppError('Aborted', 'too old', { details: { expired: true } });
    },
  } as unknown as KubeClient;
  return { client, watchedFrom, lists: () => era + 1 };
};
