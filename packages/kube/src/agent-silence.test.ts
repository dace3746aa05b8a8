import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { AGENT_PODS, createAgentSilence, slimAgentPod } from './agent-silence.ts';
import { PODS } from './resources.ts';
import { createFakeKubeClient } from './testing/fake-kube-client.ts';
import type { Pod } from './types.ts';
import { createWatchCache } from './watch-cache.ts';

const MINUTE_MS = 60_000;
const NAMESPACE = 'berth-system';
const LABELS = { 'app.kubernetes.io/name': 'berth', 'app.kubernetes.io/component': 'agent' };

const setUp = async () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  const shared = { client, clock, logger: silentLogger };
  const agents = createWatchCache({ ...shared, resource: PODS, selector: AGENT_PODS, keep: slimAgentPod });
  const silence = createAgentSilence({ agents, namespace: NAMESPACE, silentAfterMs: 5 * MINUTE_MS, clock });
  agents.start(controller.signal);
  await clock.advance(0);
  const ago = (minutes: number) => new Date(clock.now().getTime() - minutes * MINUTE_MS).toISOString();
  /** A pod on node n1 that has been ready, or not, for so many minutes. */
  const put = async (name: string, isReady: boolean, minutes: number, metadata: Pod['metadata'] = {}) => {
    const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: ago(minutes) }];
    await client.delete(PODS, { namespace: metadata.namespace ?? NAMESPACE, name });
    await client.create(PODS, {
      metadata: { namespace: NAMESPACE, name, labels: LABELS, ...metadata },
      spec: { nodeName: 'n1', containers: [] },
      status: { conditions } as Pod['status'] & object,
    });
    await clock.advance(0);
  };
  return { client, clock, silence, put, ago };
};

it('says nothing of a node whose agent is ready, or runs as no pod', async () => {
  const { silence, put } = await setUp();
  expect(silence.of('n1')).toBeUndefined();
  await put('agent-a', true, 60);
  expect([silence.of('n1'), silence.of('n2'), silence.dueInMs('n1')]).toEqual([undefined, undefined, undefined]);
});

it('says since when an agent has not been ready, once that is long, and takes it back when it is', async () => {
  const { silence, put, clock, ago } = await setUp();
  await put('agent-a', false, 4);
  expect([silence.of('n1'), silence.dueInMs('n1')]).toEqual([undefined, MINUTE_MS]);
  await clock.advance(MINUTE_MS);
  const since = ago(5).replace('.000Z', 'Z');
  expect(silence.of('n1')).toBe(`its agent, pod berth-system/agent-a, has not been ready since ${since}`);
  expect(silence.dueInMs('n1')).toBeUndefined();
  await put('agent-a', true, 0);
  expect(silence.of('n1')).toBeUndefined();
});

it('goes by the newest of several pods, as one replaces another', async () => {
  const { silence, put } = await setUp();
  await put('agent-old', false, 60);
  await put('agent-new', false, 1);
  expect(silence.dueInMs('n1')).toBe(4 * MINUTE_MS);
  await put('agent-new', true, 0);
  expect([silence.of('n1'), silence.dueInMs('n1')]).toEqual([undefined, undefined]);
});

it('counts a pod that nobody has looked at from its making', async () => {
  const { client, clock, silence } = await setUp();
  await client.create(PODS, {
    metadata: { namespace: NAMESPACE, name: 'agent-a', labels: LABELS },
    spec: { nodeName: 'n1', containers: [] },
  });
  await clock.advance(6 * MINUTE_MS);
  expect(silence.of('n1')).toContain('agent-a');
});

it('is not deceived by pods of others with the same labels', async () => {
  const { silence, put } = await setUp();
  await put('agent-a', false, 60, { namespace: 'elsewhere' });
  expect(silence.of('n1')).toBeUndefined();
  await put('agent-a', false, 60, { labels: { ...LABELS, 'app.kubernetes.io/component': 'other' } });
  expect(silence.of('n1')).toBeUndefined();
});
