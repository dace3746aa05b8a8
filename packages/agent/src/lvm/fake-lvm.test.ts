import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from '@berth/contract/errors';
import { systemClock } from '@berth/runtime/clock';
import { spawner } from '@berth/runtime/spawn';
import { expect, it } from 'vitest';
import { createHost } from '../host/host.ts';
import { createFakeLvmPlace } from '../testing/fake-lvm-place.ts';
import { createFakeMachine } from '../testing/fake-machine.ts';
import { lvmBehaviour } from '../testing/lvm-behaviour.ts';
import { createMachineState, type MachineState } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { createLvm } from './command.ts';
import { createVolume } from './logical-volume.ts';
import { addDisks } from './volume-group.ts';

const FAKE_HOST = fileURLToPath(new URL('../testing/fake-host.ts', import.meta.url));
const MIB = 1024 ** 2;

const DISKS = ['/dev/nvme0n1', '/dev/nvme1n1'].map((path) => ({ path, sizeBytes: 201 * MIB }));
const LINKS = { '/dev/disk/by-id/nvme-a': '/dev/nvme0n1', '/dev/disk/by-id/nvme-b': '/dev/nvme1n1' };
const NAMES: readonly [string, string] = ['/dev/disk/by-id/nvme-a', '/dev/disk/by-id/nvme-b'];

const setup = async () => {
  const file = join(await temporaryDirectory(), 'state.json');
  await writeFile(file, JSON.stringify(createMachineState(DISKS, LINKS)));
  const read = async () => JSON.parse(await readFile(file, 'utf8')) as MachineState;
  const inject = async (faults: MachineState['faults']) =>
    writeFile(file, JSON.stringify({ ...(await read()), faults }));
  const host = createHost({ spawner, prefix: [process.execPath, FAKE_HOST, file] });
  return { lvm: createLvm({ host, clock: systemClock, timeoutMs: 15_000 }), links: NAMES, inject, read, host };
};

// In this process: a process for each command would take minutes. The tests below use real ones.
lvmBehaviour('fake', async () => {
  const directory = await temporaryDirectory();
  return createFakeLvmPlace(createFakeMachine(createMachineState(DISKS, LINKS), directory), NAMES);
});

const addFirst = ({ lvm, links }: Awaited<ReturnType<typeof setup>>) =>
  addDisks(lvm, {
    group: 'csi-vg-nvme',
    disks: [{ link: links[0], uuids: ['uuid-1', 'uuid-2'] }],
    report: { groups: [], orphans: [] },
  });
const create = ({ lvm }: Awaited<ReturnType<typeof setup>>) =>
  createVolume(lvm, { group: 'csi-vg-nvme', name: 'pvc-1', sizeBytes: 8 * MIB, toBeFormatted: true });

it('ends with one volume when lvcreate did its work and the agent never heard of it (trap 87)', async () => {
  const place = await setup();
  await addFirst(place);
  await place.inject([{ match: 'lvm lvcreate', how: 'fail-after' }]);
  await expect(create(place)).rejects.toThrow('injected');
  await create(place);
  expect((await place.read()).groups[0]?.lvs).toHaveLength(1);
}, 60_000);

it('kills a command that hangs, and lets nothing pile up behind it (traps 38, 39)', async () => {
  const place = await setup();
  await place.inject([{ match: 'fullreport', how: 'hang' }]);
  const hung = place.lvm.run('fullreport', [], { timeoutMs: 3_000 }).catch((thrown: unknown) => thrown);
  const next = place.lvm.run('lvremove', ['x/y']).catch((thrown: unknown) => thrown);
  expect(hasCode(await hung, 'Timeout')).toBe(true);
  expect(hasCode(await next, 'Unavailable')).toBe(true);
  expect((await place.read()).commands).toHaveLength(1);
}, 20_000);

it('names the package when the node lacks a program (trap 99)', async () => {
  const { host } = await setup();
  await expect(host.run(['xfs_info', '/x'], { timeoutMs: 5_000 })).rejects.toMatchObject({
    code: 'FailedPrecondition',
    message: expect.stringContaining('the node has no program xfs_info'),
  });
});
