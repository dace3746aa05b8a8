import { beforeAll, describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('growth', [{ name: 'growth-a', rack: 'r1', gib: 10 }]);

const hasGrownTo = (size: string) =>
  stage.soon(async () => (await stage.claim('data'))?.status).toMatchObject({ capacity: { storage: size } });
const step = async () => (await stage.claim('data'))?.status?.allocatedResourceStatuses?.storage;
const sizes = async () => [
  (await stage.logicalVolumeOf('data'))?.spec.size,
  (await stage.logicalVolumeOf('data'))?.status?.size,
  (await stage.volumeOf('data'))?.spec?.capacity?.storage,
  (await stage.claim('data'))?.status?.capacity?.storage,
];

beforeAll(async () => {
  await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '2Gi' });
  await stage.makePod({ name: 'one', claims: ['data'] });
});

describe('a claim that asks for more', () => {
  it('has it in all objects, and nothing is left of the growing', async () => {
    await stage.isReady('one');
    await stage.ask('data', '3Gi');
    await hasGrownTo('3Gi');
    expect(await sizes()).toEqual(['3Gi', '3Gi', '3Gi', '3Gi']);
    await stage.soon(async () => (await stage.claim('data'))?.status).not.toHaveProperty('conditions');
    expect((await stage.claim('data'))?.status).not.toHaveProperty('allocatedResourceStatuses');
  });

  it('is refused with the numbers when its node has less, keeps what it has, and says so as Kubernetes does', async () => {
    await stage.ask('data', '30Gi');
    await stage.soon(step).toBe('ControllerResizeInfeasible');
    const status = (await stage.claim('data'))?.status;
    expect(status?.allocatedResources?.storage).toBe('30Gi');
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'ControllerResizeError', message: expect.stringMatching(/7 GiB of .* free/) }),
    );
    expect(await stage.told('data')).toContainEqual(expect.stringMatching(/^VolumeResizeFailed: .*7 GiB of/));
    expect(await sizes()).toEqual(['3Gi', '3Gi', '3Gi', '3Gi']);
  });

  it('gets less when it asks for less after a refusal', async () => {
    await stage.ask('data', '4Gi');
    await hasGrownTo('4Gi');
    expect(await sizes()).toEqual(['4Gi', '4Gi', '4Gi', '4Gi']);
  });
});
