import { systemClock } from '@berth/runtime/clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHost, type Host } from '../host/host.ts';
import { createLvm, type Lvm } from '../lvm/command.ts';
import { createVolume, markFormatted } from '../lvm/logical-volume.ts';
import { addDisks } from '../lvm/volume-group.ts';
import { createFakeMachine, type FakeMachine } from '../testing/fake-machine.ts';
import { createMachineState, type FakeLv } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { finishCreation } from './finish-creation.ts';

const MIB = 1024 ** 2;
const LEFTOVER = { kind: 'filesystem', type: 'ext4', uuid: 'of a deleted volume' } as const;
const { signal } = new AbortController();

let machine: FakeMachine;
let host: Host;
let lvm: Lvm;

beforeEach(async () => {
  const state = createMachineState([{ path: '/dev/nvme0n1', sizeBytes: 1025 * MIB }]);
  machine = createFakeMachine(state, await temporaryDirectory());
  host = createHost({ spawner: machine.spawner, prefix: [] });
  lvm = createLvm({ host, clock: systemClock });
  const disks = [{ link: '/dev/nvme0n1', uuids: ['a'] }];
  await addDisks(lvm, { group: 'csi-vg-nvme', disks, report: { groups: [], orphans: [] } });
});

const make = (toBeFormatted: boolean) =>
  createVolume(lvm, { group: 'csi-vg-nvme', name: 'pvc-1', sizeBytes: 8 * MIB, toBeFormatted });
const lv = () => machine.state.groups[0]?.lvs[0] as FakeLv;

describe('finishing what a killed lvcreate left', () => {
  it('makes the device and wipes what the extents held before (trap 6)', async () => {
    const volume = await make(true);
    Object.assign(lv(), { active: false, content: LEFTOVER });
    expect((await finishCreation({ host, lvm }, { ...volume, active: false }, signal)).device).toBe('253:0');
    expect(lv()).toMatchObject({ active: true, tags: volume.tags });
    expect(lv().content).toBeUndefined();
  });

  it('touches no volume without the mark "new": it may hold data', async () => {
    const volume = await make(true);
    await markFormatted(lvm, volume);
    lv().content = LEFTOVER;
    const { tags } = lv();
    await finishCreation({ host, lvm }, { ...volume, tags }, signal);
    expect(lv().content).toEqual(LEFTOVER);
  });

  it('says so when the signatures can not be wiped', async () => {
    const volume = await make(true);
    const stderr = 'wipefs: error: /dev/csi-vg-nvme/pvc-1: probing initialization failed: Device or resource busy';
    machine.state.faults.push({ match: 'wipefs', how: 'fail-before', stderr, exitCode: 1 });
    await expect(finishCreation({ host, lvm }, volume, signal)).rejects.toThrow(stderr);
  });
});
