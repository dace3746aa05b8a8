import { extenderMetrics } from '@berth/e2e/beside';
import { PODS } from '@berth/kube/resources';
import { expect, it } from 'vitest';
import { metricOf } from '../testing/extender-metrics.ts';
import { aPod } from '../testing/objects.ts';
import { useStage } from '../testing/use-stage.ts';

/** Neither has room for two volumes of 2 GiB, though each has room for one. */
const stage = useStage('preemption', [
  { name: 'preemption-a', rack: 'r1', gib: 3 },
  { name: 'preemption-b', rack: 'r1', gib: 3 },
]);

interface Wish {
  readonly name: string;
  readonly priority: 'low' | 'middle' | 'high';
  readonly claims?: readonly string[];
  readonly node?: string;
}

/** Makes a pod of which a node's CPUs allow one only. */
const makePod = ({ name, priority, claims = [], node }: Wish) => {
  const pod = aPod({ name, namespace: stage.namespace, claims, ...(node !== undefined && { node }) });
  const [container] = pod.spec?.containers ?? [];
  const containers = [{ name: 'main', ...container, resources: { requests: { cpu: '10' } } }];
  return stage.client.create(PODS, { ...pod, spec: { ...pod.spec, containers, priorityClassName: priority } });
};

const stands = async (name: string): Promise<boolean> => {
  const pod = await stage.pod(name);
  return pod?.spec?.nodeName !== undefined && pod.metadata?.deletionTimestamp === undefined;
};

const isWaiting = (name: string) =>
  stage
    .soon(async () => (await stage.pod(name))?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.reason)
    .toBe('Unschedulable');

it('evicts nobody where the disks would still have no room, and whom it must where they have', async () => {
  const metrics = await extenderMetrics(stage.plane.bed);
  const asked = () =>
    metricOf(metrics, 'berth_extender_request_duration_seconds_count{verb="preempt",outcome="judged"}');
  for (const each of ['a', 'b']) {
    await makePod({ name: `low-${each}`, priority: 'low', node: `preemption-${each}` });
    await stage.isReady(`low-${each}`);
  }
  for (const name of ['one', 'two']) await stage.makeClaim({ name, className: 'berth-nvme', size: '2Gi' });
  const before = await asked();
  await makePod({ name: 'urgent', priority: 'high', claims: ['one', 'two'] });
  await isWaiting('urgent');
  await stage.soon(asked).toBeGreaterThan(before);
  await stage.deletePod('urgent');

  // kube-scheduler prefers to evict what matters least: without the extender's word it would choose one of the others.
  await stage.addNode({ name: 'preemption-c', rack: 'r1', gib: 4 });
  await makePod({ name: 'middle-c', priority: 'middle', node: 'preemption-c' });
  await stage.isReady('middle-c');
  await makePod({ name: 'urgent-again', priority: 'high', claims: ['one', 'two'] });
  await stage.isReady('urgent-again');
  expect(await stage.nodeOf('urgent-again')).toBe('preemption-c');
  expect(await Promise.all(['low-a', 'low-b', 'middle-c'].map(stands))).toEqual([true, true, false]);

  for (const name of ['low-a', 'low-b', 'urgent-again']) await stage.deletePod(name);
  for (const name of ['one', 'two']) await stage.deleteClaim(name);
});
