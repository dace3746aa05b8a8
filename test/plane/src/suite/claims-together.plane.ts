import { PODS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { aPod } from '../testing/objects.ts';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('together', [
  { name: 'together-fast', rack: 'r1', gib: 20, hddGib: 1 },
  { name: 'together-slow', rack: 'r1', gib: 1, hddGib: 20 },
  { name: 'together-both', rack: 'r1', gib: 6, hddGib: 6 },
]);

const nodesOf = async (...claims: string[]) =>
  (await Promise.all(claims.map(stage.logicalVolumeOf))).map((volume) => volume?.spec.nodeName);

const clear = async (pod: string, ...claims: string[]): Promise<void> => {
  await stage.deletePod(pod);
  for (const claim of claims) await stage.deleteClaim(claim);
  await stage.soon(stage.leftovers).toEqual([]);
};

describe('all claims of a pod', () => {
  it('go to the one node that has room in both media', async () => {
    await stage.makeClaim({ name: 'hot', className: 'berth-nvme', size: '4Gi' });
    await stage.makeClaim({ name: 'cold', className: 'berth-hdd', size: '4Gi' });
    await stage.makePod({ name: 'mixed', claims: ['hot', 'cold'] });
    await stage.isReady('mixed');
    expect(await nodesOf('hot', 'cold')).toEqual(['together-both', 'together-both']);
    await clear('mixed', 'hot', 'cold');
  });

  it('go where the volume of one of them is already, although other nodes have more room', async () => {
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '4Gi' });
    await stage.makePod({ name: 'first', claims: ['data'], node: 'together-both' });
    await stage.isReady('first');
    await stage.deletePod('first');
    await stage.makeClaim({ name: 'log', className: 'berth-nvme', size: '2Gi' });
    await stage.makePod({ name: 'second', claims: ['data', 'log'] });
    await stage.isReady('second');
    expect(await nodesOf('data', 'log')).toEqual(['together-both', 'together-both']);
    await clear('second', 'data', 'log');
  });

  it('are refused together where each has room alone, with one event that says so', async () => {
    await stage.makeClaim({ name: 'one', className: 'berth-nvme', size: '12Gi' });
    await stage.makeClaim({ name: 'two', className: 'berth-nvme', size: '12Gi' });
    await stage.makePod({ name: 'large', claims: ['one', 'two'] });
    await stage
      .soon(() => stage.told('large'))
      .toContainEqual(
        expect.stringMatching(/^NoRoomOnDisks: No node has room for .*together-fast: nvme: needs 24 GiB, 20 GiB free/),
      );
    await stage.deleteClaim('two');
    await clear('large', 'one');
  });
});

describe('a generic ephemeral volume', () => {
  it('is placed as a claim is, and goes with its pod', async () => {
    const pod = aPod({ name: 'job', namespace: stage.namespace, claims: ['scratch'] });
    const template = {
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'berth-hdd',
        resources: { requests: { storage: '10Gi' } },
      },
    };
    const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }];
    await stage.client.create(PODS, { ...pod, spec: { containers: [], ...pod.spec, volumes } });
    await stage.isReady('job');
    expect(await nodesOf('job-scratch')).toEqual(['together-slow']);
    await stage.deletePod('job');
    await stage.soon(stage.leftovers).toEqual([]);
  });
});
