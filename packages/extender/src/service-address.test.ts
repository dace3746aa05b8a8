import { ENDPOINT_SLICES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { leadServiceHere } from './service-address.ts';

const NAMESPACE = 'berth-system';

const setUp = () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const lead = (address: string) => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort(new Error('stopped')));
    const target = { namespace: NAMESPACE, service: 'berth-extender', address, port: 9443 };
    const done = leadServiceHere(target, { client, clock, logger: silentLogger }, controller.signal);
    return { done, stop: () => controller.abort(new Error('stopped')) };
  };
  const slice = (name = 'berth-extender-ipv4') => client.get(ENDPOINT_SLICES, { namespace: NAMESPACE, name });
  return { client, clock, lead, slice };
};

it('leads the Service to one address, that of the newest leader', async () => {
  const { clock, lead, slice } = setUp();
  const first = lead('10.0.0.1');
  await clock.advance(0);
  expect(await slice()).toMatchObject({
    metadata: { labels: { 'kubernetes.io/service-name': 'berth-extender' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 9443, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
  });
  first.stop();
  await first.done;
  lead('10.0.0.2');
  await clock.advance(0);
  expect((await slice())?.endpoints).toEqual([{ addresses: ['10.0.0.2'], conditions: { ready: true } }]);
});

it('tries again after a failure, and puts back what somebody removed', async () => {
  const { client, clock, lead, slice } = setUp();
  client.beforeCall(() => {
    throw new Error('the API server is away');
  });
  lead('10.0.0.1');
  await clock.advance(0);
  client.beforeCall(undefined);
  expect(await slice()).toBeUndefined();
  await clock.advance(1_000);
  expect(await slice()).toBeDefined();
  await client.delete(ENDPOINT_SLICES, { namespace: NAMESPACE, name: 'berth-extender-ipv4' });
  await clock.advance(30_000);
  expect(await slice()).toBeDefined();
});

it('names a slice by its address family, which can never be changed', async () => {
  const { clock, lead, slice } = setUp();
  lead('fd00::7');
  await clock.advance(0);
  expect(await slice('berth-extender-ipv6')).toMatchObject({ addressType: 'IPv6' });
});
