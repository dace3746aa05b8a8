import {
  CONFIRM_DATA_LOSS_ANNOTATION,
  HEALTH_CHECK_SECRET_ANNOTATION,
  HEALTH_CHECK_URL_ANNOTATION,
} from '@berth/contract/names';
import { CLAIMS, SECRETS } from '@berth/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpsAnswer, serveAnswer } from '../testing/https-answer.ts';
import { useStage } from '../testing/use-stage.ts';

const LONE = 'lone-a';
const ASKED = ['asked-a', 'asked-b', 'asked-c'];
const CROWDED = ['crowded-a', 'crowded-b', 'crowded-c'];
const stage = useStage(
  'guards',
  [[LONE], ASKED, CROWDED].flatMap((names) => names.map((name, index) => ({ name, rack: `r${index}`, gib: 10 }))),
);
/** A guard that said no is asked again after half a minute; all situations here wait for that at the same time. */
const ASKED_AGAIN_MS = 60_000;

const uid = async (claim: string) => (await stage.claim(claim))?.metadata?.uid ?? '';
const isRefused = (pod: string, why: RegExp) =>
  stage
    .soon(() => stage.told(pod))
    .toContainEqual(expect.stringMatching(new RegExp(`^RecoveryRefused: .*${why.source}`)));
const lose = async (node: string) => {
  await stage.node(node).powerCut();
  await stage.takeOutOfService(node);
};
const nodesOf = (...pods: string[]) => Promise.all(pods.map(stage.nodeOf));

let answer: HttpsAnswer;
let lostNode: string;
let crowdedNode: string;
/** The two members on the crowded node. */
let [first, second] = ['', ''];

beforeAll(async () => {
  answer = await serveAnswer(stage.plane, { status: 'red' });
  const { namespace } = stage;
  const data = { 'ca.crt': Buffer.from(answer.ca).toString('base64') };
  await stage.client.create(SECRETS, { metadata: { namespace, name: 'asked-health' }, data });
  const kubectl = (...args: string[]) => stage.plane.bed.kubectl(['-n', namespace, 'create', ...args]);
  await kubectl('role', 'health', '--verb=get', '--resource=secrets', '--resource-name=asked-health');
  await kubectl('rolebinding', 'health', '--role=health', '--serviceaccount=berth-system:berth-controller');
  await stage.cordon('crowded-c', true);
  const common = { className: 'replaceable' };
  const annotations = {
    [HEALTH_CHECK_URL_ANNOTATION]: answer.url,
    [HEALTH_CHECK_SECRET_ANNOTATION]: 'asked-health',
  };
  await stage.makeSet({ ...common, name: 'asked', replicas: 2, nodes: ASKED, annotations });
  await stage.makeSet({ ...common, name: 'crowded', replicas: 3, nodes: CROWDED });
  // The other node is closed for now.
  await stage.makeSet({ ...common, name: 'lone', replicas: 1, nodes: [LONE, 'crowded-c'] });
});

afterAll(async () => {
  for (const name of [LONE, lostNode]) await stage.node(name).boot();
  await answer.close();
});

describe('nothing is given up', () => {
  it('while the member is the only one', async () => {
    await stage.areReady('lone', 1);
    await lose(LONE);
    await isRefused('lone-0', /it is the only member/);
  });

  it('while the application says over HTTPS that it is not well', async () => {
    await stage.areReady('asked', 2);
    lostNode = (await stage.nodeOf('asked-0')) ?? '';
    await lose(lostNode);
    await isRefused('asked-0', /it says that its status is red/);
  });

  it('of a second member on a node that is to be removed, while the first has not started again', async () => {
    await stage.areReady('crowded', 3);
    const places = await nodesOf('crowded-0', 'crowded-1', 'crowded-2');
    crowdedNode = places.find((node, index) => places.indexOf(node) !== index) ?? '';
    const there = ['crowded-0', 'crowded-1', 'crowded-2'].filter((_, index) => places[index] === crowdedNode);
    expect(there).toHaveLength(2);
    for (const name of CROWDED.filter((each) => each !== crowdedNode)) {
      for (const pod of there) stage.node(name).kubelet.setReady(`${stage.namespace}/${pod}`, false);
    }
    await stage.cordon('crowded-c', false);
    await stage.drain(crowdedNode, true);
    const moved = async () => {
      const nodes = await nodesOf(...there);
      return there.filter((_, index) => nodes[index] !== undefined && nodes[index] !== crowdedNode);
    };
    await stage.soon(moved).toHaveLength(1);
    [first = ''] = await moved();
    second = there.find((pod) => pod !== first) ?? '';
    await isRefused(second, /only 1 of 2 other members are ready/);
    expect(await stage.nodeOf(second)).toBe(crowdedNode);
  });
});

describe('and it is given up', () => {
  it('once somebody confirms the loss for the very claim', async () => {
    const [name, before] = ['data-lone-0', await uid('data-lone-0')];
    const metadata = { annotations: { [CONFIRM_DATA_LOSS_ANNOTATION]: before } };
    answer.say({ status: 'yellow' });
    for (const node of CROWDED.filter((each) => each !== crowdedNode)) {
      stage.node(node).kubelet.setReady(`${stage.namespace}/${first}`, true);
      stage.node(node).kubelet.setReady(`${stage.namespace}/${second}`, true);
    }
    await stage.client.mergePatch(CLAIMS, { namespace: stage.namespace, name }, { metadata });
    await stage.soon(() => uid(name), ASKED_AGAIN_MS).not.toBe(before);
    await stage.areReady('lone', 1);
  });

  it('once the application says that it is well', async () => {
    await stage.areReady('asked', 2);
  });

  it('once the first member is ready elsewhere, and then the node is empty', async () => {
    await stage.soon(() => stage.nodeOf(second), ASKED_AGAIN_MS).not.toBe(crowdedNode);
    await stage.areReady('crowded', 3);
    await stage.soon(() => stage.told(crowdedNode, 'default')).toContainEqual(expect.stringMatching(/^NodeEmpty: /));
  });
});
