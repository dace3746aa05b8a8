import { PODS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const NODE = 'silent-a';
const AGENT = { namespace: 'berth-system', name: `agent-of-${NODE}` };
const KEY = `${AGENT.namespace}/${AGENT.name}`;
const LABELS = { 'app.kubernetes.io/name': 'berth', 'app.kubernetes.io/component': 'agent' };
const TEN_MINUTES_MS = 600_000;

const stage = useStage('silent', [{ name: NODE, rack: 'r0', gib: 10 }]);

/** The pod of the node's agent, of which kubelet has been saying for ten minutes that it is not ready. */
const makeUnreadyAgent = async () => {
  stage.node(NODE).kubelet.setReady(KEY, false);
  await stage.client.create(PODS, {
    metadata: { ...AGENT, labels: LABELS },
    spec: {
      nodeName: NODE,
      automountServiceAccountToken: false,
      containers: [{ name: 'agent', image: 'none' }],
      tolerations: [{ operator: 'Exists' }],
    },
  });
  const readiness = async () =>
    (await stage.client.get(PODS, AGENT))?.status?.conditions?.find(({ type }) => type === 'Ready');
  await stage.soon(async () => (await readiness())?.status).toBe('False');
  const lastTransitionTime = new Date(Date.now() - TEN_MINUTES_MS).toISOString();
  const conditions = [{ ...(await readiness()), lastTransitionTime }];
  await stage.client.mergePatch(PODS, AGENT, { status: { conditions } }, { subresource: 'status' });
};

describe('a node whose agent has not been ready for long', () => {
  it('gets no new volume and the pod is told why, until the agent is ready again', async () => {
    await makeUnreadyAgent();
    await stage.makeClaim({ name: 'data', className: 'berth-nvme' });
    await stage.makePod({ name: 'user', claims: ['data'] });
    await stage.soon(async () => (await stage.told('user')).join()).toContain('has not been ready since');
    expect(await stage.nodeOf('user')).toBeUndefined();
    stage.node(NODE).kubelet.setReady(KEY, true);
    await stage.isBound('data');
    await stage.isReady('user');
    await stage.client.delete(PODS, AGENT, { gracePeriodSeconds: 0 });
  });
});
