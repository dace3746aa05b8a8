import { describe, expect, it } from 'vitest';
import { openExplain } from '../testing/ask-explain.ts';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('refusal', [
  { name: 'refusal-a', rack: 'r1', gib: 5 },
  { name: 'refusal-b', rack: 'r1', gib: 2 },
]);

const refusals = async (pod: string) => (await stage.told(pod)).filter((told) => told.startsWith('NoRoomOnDisks'));

describe('a pod that cannot be placed', () => {
  it('has one event that says why, kept up with what is true, whoever tells it', async () => {
    for (const name of ['one', 'two']) await stage.makeClaim({ name, className: 'berth-nvme', size: '3Gi' });
    await stage.makePod({ name: 'large', claims: ['one', 'two'] });
    await stage
      .soon(() => refusals('large'))
      .toEqual([expect.stringMatching(/\/one, .*\/two: .*refusal-a: nvme: needs 6 GiB, 5 GiB free of 5 GiB/)]);
    await stage.makeClaim({ name: 'other', className: 'berth-nvme', size: '4Gi' });
    await stage.makePod({ name: 'other', claims: ['other'] });
    await stage.isReady('other');
    // Now neither claim has room anywhere by itself, kube-scheduler asks the extender no more, and the controller tells.
    await stage
      .soon(() => refusals('large'))
      .toEqual([expect.stringMatching(/refusal-a: nvme: needs 3 GiB, 1 GiB free of 5 GiB/)]);
    await stage.deletePod('other');
    await stage.deleteClaim('other');
    await stage.soon(stage.leftovers).toEqual([]);
  });

  it('is explained node by node to whoever may read the pod, and to nobody else', async () => {
    const { bed } = stage.plane;
    for (const name of ['reader', 'stranger'])
      await bed.kubectl(['-n', stage.namespace, 'create', 'serviceaccount', name]);
    const account = `--serviceaccount=${stage.namespace}:reader`;
    await bed.kubectl(['-n', stage.namespace, 'create', 'rolebinding', 'reader', '--clusterrole=view', account]);
    const tokenOf = async (name: string) =>
      (await bed.kubectl(['-n', stage.namespace, 'create', 'token', name])).trim();
    const [reader, stranger] = [await tokenOf('reader'), await tokenOf('stranger')];
    const explain = await openExplain(stage.plane);
    const pod = `${stage.namespace}/large`;
    expect((await explain(pod)).status).toBe(401);
    expect((await explain(pod, 'made-up')).status).toBe(401);
    expect((await explain(pod, stranger)).status).toBe(403);
    const { status, body } = await explain(pod, reader);
    expect(status, body).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      pod,
      outcome: 'refused',
      nodes: {
        'refusal-a': { verdict: 'refused', reasons: ['nvme: needs 6 GiB, 5 GiB free of 5 GiB'] },
      },
    });
    await stage.deletePod('large');
    await stage.deleteClaim('two');
    await stage.makePod({ name: 'small', claims: ['one'] });
    await stage.isReady('small');
    const answer = await explain(`${stage.namespace}/small`, reader);
    expect(JSON.parse(answer.body)).toMatchObject({
      outcome: 'placed',
      nodes: { 'refusal-a': { verdict: 'offered', sure: true } },
    });
    await stage.deletePod('small');
    await stage.deleteClaim('one');
  });
});
