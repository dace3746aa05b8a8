import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { LOGICAL_VOLUMES, VOLUMES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import { createManualClock } from '@berth/runtime/manual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../host/host.ts';
import { createLvm, type Lvm } from '../lvm/command.ts';
import { createVolume } from '../lvm/logical-volume.ts';
import { readReport } from '../lvm/report.ts';
import { addDisks } from '../lvm/volume-group.ts';
import { createFakeMachine, type FakeMachine } from '../testing/fake-machine.ts';
import { createMachineState } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { findOrphans, type IsKnown, removeOrphans } from './orphans.ts';

const MIB = 1024 ** 2;
const NAME = 'pvc-1';
const MINUTE = 60_000;

let machine: FakeMachine;
let clock: ReturnType<typeof createManualClock>;
let client: ReturnType<typeof createFakeKubeClient>;
let lvm: Lvm;

beforeEach(async () => {
  clock = createManualClock();
  client = createFakeKubeClient();
  const state = createMachineState([{ path: '/dev/nvme0n1', sizeBytes: 1025 * MIB }]);
  machine = createFakeMachine(state, await temporaryDirectory());
  lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock });
  const disks = [{ link: '/dev/nvme0n1', uuids: ['a'] }];
  await addDisks(lvm, { group: 'csi-vg-nvme', disks, report: { groups: [], orphans: [] } });
  await createVolume(lvm, { group: 'csi-vg-nvme', name: NAME, sizeBytes: 8 * MIB, toBeFormatted: false });
});

const look = async (isKnown: IsKnown, previous?: NodeStorageStatus) => {
  const { groups } = await readReport(lvm);
  return groups.flatMap((group) => findOrphans(group, { isKnown, previous, now: clock.now() }));
};
const statusWith = (orphans: Awaited<ReturnType<typeof look>>): NodeStorageStatus => ({
  groups: [
    {
      ...{ name: 'csi-vg-nvme', medium: 'nvme', uuid: 'u', extentSize: '4Mi', size: '1Gi', free: '1Gi', foreign: '0' },
      ...{ reserve: '0', physicalVolumes: [], orphans },
    },
  ],
});
const remove = async (previous: NodeStorageStatus, name = NAME) => {
  const context = { client, lvm, locks: createKeyedLock(), procDir: machine.procDir, clock, previous };
  const [event] = await removeOrphans([name], { ...context, signal: new AbortController().signal });
  return event?.message;
};
const volumes = () => machine.state.groups[0]?.lvs.map(({ name }) => name);

describe('an orphan', () => {
  it('is a volume of ours that no object stands for, since it was first seen so', async () => {
    const since = clock.now().toISOString();
    expect(await look(() => true)).toEqual([]);
    const first = await look(() => false);
    expect(first).toEqual([{ name: NAME, size: '8Mi', since }]);
    await clock.advance(MINUTE);
    expect(await look(() => false, statusWith(first))).toEqual(first);
  });

  it('is never guessed from objects that have not been listed, nor forgotten meanwhile (trap 90)', async () => {
    expect(await look(() => undefined)).toEqual([]);
    const first = await look(() => false);
    await clock.advance(MINUTE);
    expect(await look(() => undefined, statusWith(first))).toEqual(first);
  });

  it('is no volume without our tag', async () => {
    for (const lv of machine.state.groups[0]?.lvs ?? []) lv.tags = [];
    expect(await look(() => false)).toEqual([]);
  });
});

describe('removing an orphan', () => {
  const reported = async () => statusWith(await look(() => false));

  it('takes ten minutes and a request', async () => {
    const status = await reported();
    await clock.advance(9 * MINUTE);
    expect(await remove(status)).toContain('ask again ten minutes later');
    expect(volumes()).toEqual([NAME]);
    await clock.advance(MINUTE);
    expect(await remove(status)).toBe(`the orphan ${NAME} was removed as asked for`);
    expect(volumes()).toEqual([]);
    expect(await remove(status)).toContain('it is gone already');
  });

  it('is refused for what was never reported', async () => {
    expect(await remove({ groups: [] })).toContain('has not been reported');
    expect(volumes()).toEqual([NAME]);
  });

  it('is refused when an object stands for it after all', async () => {
    const status = await reported();
    await clock.advance(10 * MINUTE);
    await client.create(VOLUMES, { metadata: { name: NAME } });
    expect(await remove(status)).toContain('a PersistentVolume stands for it');
    await client.create(LOGICAL_VOLUMES, { metadata: { name: NAME } } as never);
    expect(await remove(status)).toContain('a LogicalVolume stands for it');
    expect(volumes()).toEqual([NAME]);
  });

  it('is refused when the API server can not be asked (trap 90)', async () => {
    const status = await reported();
    await clock.advance(10 * MINUTE);
    client.beforeCall(() => {
      throw new Error('no answer');
    });
    expect(await remove(status)).toContain('no answer');
    expect(volumes()).toEqual([NAME]);
  });

  it('is refused while it is mounted', async () => {
    const status = await reported();
    await clock.advance(10 * MINUTE);
    const mount = { device: '253:0', source: '/dev/x', target: '/mnt', fsType: 'xfs', options: ['rw'] };
    machine.state.mounts.push(mount);
    machine.sync();
    expect(await remove(status)).toContain('it is mounted at /mnt');
    expect(volumes()).toEqual([NAME]);
  });
});
