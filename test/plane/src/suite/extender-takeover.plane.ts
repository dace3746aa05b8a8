import { join } from 'node:path';
import { gatewayAddress } from '@berth/bed/network';
import { type Daemon, findDaemon } from '@berth/bed/process/spawn';
import { CONTROLLER, connectScheduler, extenderMetrics, startExtender } from '@berth/e2e/beside';
import { waitUntil } from '@berth/e2e/wait';
import { ENDPOINT_SLICES, LOGICAL_VOLUMES } from '@berth/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plane } from '../plane.ts';
import { metricOf } from '../testing/extender-metrics.ts';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('takeover', [{ name: 'takeover-a', rack: 'r1', gib: 4 }]);

/** A dead leader's lease is over after 4 s, and is tried every half second; the rest is for a machine that has much else to do. */
const FOLLOWED_WITHIN_MS = 8_000;

const REPLICAS = [
  { name: 'extender-one', port: 9543, metricsPort: 9912 },
  { name: 'extender-two', port: 9544, metricsPort: 9913 },
];

interface Replica {
  readonly daemon: Daemon;
  /** As the EndpointSlice names it. */
  readonly address: string;
  leads(): Promise<boolean>;
}

const SLICE = { namespace: 'berth-system', name: 'berth-extender-ipv4' };
const SERVICE_PORT = 9545;

const replicas: Replica[] = [];
let service: Daemon | undefined;

/** Plays the Service, so that kube-scheduler finds the leader as it does where there is a kube-proxy. */
const startService = ({ bed }: Plane): Promise<Daemon> =>
  bed.startBeside({
    name: 'extender-service',
    file: process.execPath,
    args: [
      join(import.meta.dirname, '../nodes/service.process.ts'),
      ...[bed.kubeconfig, SLICE.namespace, SLICE.name, String(SERVICE_PORT)],
    ],
  });

const start = async ({ name, port, metricsPort }: (typeof REPLICAS)[number]): Promise<Replica> => {
  const settings = {
    BERTH_POD_IP: gatewayAddress,
    BERTH_PORT: String(port),
    BERTH_METRICS_PORT: String(metricsPort),
  };
  const daemon = await startExtender(stage.plane.berth, { name, settings });
  const metrics = await stage.plane.bed.reach(`127.0.0.1:${metricsPort}`);
  const leads = async () => (await metricOf(metrics, 'berth_extender_leads').catch(() => 0)) === 1;
  return { daemon, address: `${gatewayAddress}:${port}`, leads };
};

/** The one that the Service leads to, when the Lease and the EndpointSlice agree. */
const leader = async (): Promise<Replica | undefined> => {
  const slice = await stage.client.get(ENDPOINT_SLICES, SLICE);
  const endpoint = `${slice?.endpoints?.[0]?.addresses[0]}:${slice?.ports?.[0]?.port}`;
  for (const replica of replicas) if (replica.address === endpoint && (await replica.leads())) return replica;
  return undefined;
};

/** As kill -9 and as nobody expects it. */
const killLeader = async (): Promise<Replica> => {
  const leading = await leader();
  if (leading === undefined) throw new Error('no extender leads');
  process.kill(leading.daemon.pid, 'SIGKILL');
  replicas.splice(replicas.indexOf(leading), 1);
  await leading.daemon.stop();
  return leading;
};

/** Two extenders behind a Service, instead of the one that all other tests have. */
beforeAll(async () => {
  const { berth } = stage.plane;
  await (await findDaemon(berth.runDir, 'berth-extender'))?.stop();
  for (const replica of REPLICAS) replicas.push(await start(replica));
  service = await startService(stage.plane);
  await connectScheduler(berth, `127.0.0.1:${SERVICE_PORT}`);
});

afterAll(async () => {
  for (const { daemon } of replicas) await daemon.stop();
  await service?.stop();
  const { bed, berth } = stage.plane;
  await startExtender(berth);
  await connectScheduler(berth);
  // Until it leads, other tests would see pods told to come again.
  const metrics = await extenderMetrics(bed);
  const leads = async () =>
    (await metricOf(metrics, 'berth_extender_leads').catch(() => 0)) === 1 ? 'done' : 'the extender does not lead';
  await waitUntil(leads, { timeoutMs: 30_000, signal: berth.signal });
});

describe('when the extender that leads is killed', () => {
  it('the other answers within seconds, and holds what had been promised', async () => {
    const { berth, client } = stage.plane;
    await stage.soon(leader).toBeDefined();
    const controller = await findDaemon(berth.runDir, CONTROLLER);
    if (controller === undefined) throw new Error('no controller runs');
    // While the controller does nothing, a choice is only on its claim: no volume shows that room is taken.
    process.kill(controller.pid, 'SIGSTOP');
    try {
      await stage.makeClaim({ name: 'first', className: 'berth-nvme', size: '3Gi' });
      await stage.makePod({ name: 'first', claims: ['first'] });
      const selected = async () =>
        (await stage.claim('first'))?.metadata?.annotations?.['volume.kubernetes.io/selected-node'];
      await stage.soon(selected).toBe('takeover-a');
      const before = await killLeader();
      const diedMs = performance.now();
      await stage.soon(async () => (await leader())?.address).toBeDefined();
      expect(performance.now() - diedMs).toBeLessThan(FOLLOWED_WITHIN_MS);
      expect((await leader())?.address).not.toBe(before.address);
      expect((await client.list(LOGICAL_VOLUMES)).items).toEqual([]);

      await stage.makeClaim({ name: 'second', className: 'berth-nvme', size: '3Gi' });
      await stage.makePod({ name: 'second', claims: ['second'] });
      const held = `nvme: needs 3 GiB, 4 GiB free of 4 GiB; 3 GiB held for ${stage.namespace}/first`;
      await stage.soon(() => stage.told('second')).toContainEqual(expect.stringContaining(held));
    } finally {
      process.kill(controller.pid, 'SIGCONT');
    }
    await stage.isReady('first');
    expect(await stage.nodeOf('second')).toBeUndefined();
    await stage.deletePod('first');
    await stage.deleteClaim('first');
    await stage.isReady('second');
  });
});
