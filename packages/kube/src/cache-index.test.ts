import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { indexBy } from './cache-index.ts';
import { CLAIMS } from './resources.ts';
import { createFakeKubeClient } from './testing/fake-kube-client.ts';
import { createWatchCache } from './watch-cache.ts';

const setUp = async () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  const cache = createWatchCache({ client, resource: CLAIMS, clock, logger: silentLogger });
  const byClass = indexBy(cache, ({ spec }) => spec?.storageClassName);
  cache.start(controller.signal);
  await clock.advance(0);
  const names = (value: string) => byClass(value).map(({ metadata }) => metadata?.name);
  return { client, clock, names };
};

it('follows objects as they come, change their value, and go', async () => {
  const { client, clock, names } = await setUp();
  const metadata = { namespace: 'shop', name: 'data' };
  await client.create(CLAIMS, { metadata, spec: { storageClassName: 'fast' } });
  await client.create(CLAIMS, { metadata: { ...metadata, name: 'none' } });
  await clock.advance(0);
  expect(names('fast')).toEqual(['data']);
  await client.mergePatch(CLAIMS, metadata, { spec: { storageClassName: 'slow' } });
  await clock.advance(0);
  expect([names('fast'), names('slow')]).toEqual([[], ['data']]);
  await client.delete(CLAIMS, metadata);
  await clock.advance(0);
  expect(names('slow')).toEqual([]);
});
