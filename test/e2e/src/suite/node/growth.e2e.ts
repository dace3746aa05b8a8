import { beforeAll, describe, expect, it } from 'vitest';
import { list } from '../../api.ts';
import type { Stage } from '../../demo/acts.ts';
import { waitUntil } from '../../wait.ts';
import { deleteClaimAndPod, oneClaimAndPod } from '../one-claim.ts';
import { holdNodes } from '../suite-bed.ts';

const NODE = 'node-2';

const GIB = 1024 ** 3;

let stage: Stage;

const kubectl = (...args: string[]) => stage.bed.kubectl(['-n', stage.namespace, ...args]);

const ask = (size: string) =>
  kubectl('patch', 'pvc', 'data', '-p', JSON.stringify({ spec: { resources: { requests: { storage: size } } } }));

const volumeOfClaim = async () =>
  (await list(stage.bed, 'logicalvolumes')).find(({ spec }) => spec.claim.namespace === stage.namespace);

const capacityIs = (size: string) =>
  waitUntil(
    async () => {
      const [claim] = await list(stage.bed, 'persistentvolumeclaims', '-n', stage.namespace);
      const has = claim?.status?.capacity?.storage;
      return has === size ? 'done' : `the claim has ${has}, not ${size}: ${JSON.stringify(claim?.status)}`;
    },
    { timeoutMs: 120_000, signal: stage.signal },
  );

/** Bytes of the file system that the pod sees. */
const mountedBytes = async () => {
  const [blockBytes = 0, blocks = 0] = (await kubectl('exec', 'one', '--', 'stat', '-f', '-c', '%S %b', '/data'))
    .split(' ')
    .map(Number);
  return blockBytes * blocks;
};

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('growth');
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], oneClaimAndPod('berth-nvme', NODE));
  await kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=180s');
});

describe('a claim that asks for more', () => {
  it('grows with its file system while the pod runs and its data stay', async () => {
    await ask('2Gi');
    await capacityIs('2Gi');
    expect(await mountedBytes()).toBeGreaterThan(1.9 * GIB);
    expect((await kubectl('exec', 'one', '--', 'cat', '/data/proof')).trim()).toBe('first');
  });

  it('is told the numbers when its node has less, and keeps what it has', async () => {
    await ask('500Gi');
    await waitUntil(
      async () => {
        const events = await list(stage.bed, 'events', '-n', stage.namespace);
        const told = events.some(
          ({ reason, message }) => reason === 'VolumeResizeFailed' && /[0-9] GiB of .* are free/.test(message),
        );
        return told ? 'done' : `no event says why: ${events.map(({ message }) => message).join('; ')}`;
      },
      { timeoutMs: 60_000, signal: stage.signal },
    );
    const volume = await volumeOfClaim();
    expect(volume?.spec.size).toBe('2Gi');
  });

  it('gets the smaller size that it asks for then', async () => {
    await ask('3Gi');
    // The file system follows when kubelet next looks at the pod, which takes up to a minute and a half.
    await waitUntil(
      async () => {
        const volume = await volumeOfClaim();
        return volume?.status?.size === '3Gi' ? 'done' : `the logical volume has ${volume?.status?.size}`;
      },
      { timeoutMs: 60_000, signal: stage.signal },
    );
    await deleteClaimAndPod(stage);
  });
});
