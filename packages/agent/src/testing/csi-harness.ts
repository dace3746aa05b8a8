import { join } from 'node:path';
import { volumeName } from '@berth/contract/names';
import { loadNodeServices } from '@berth/csi/node-services';
import { createSocketClient, type SocketClient } from '@berth/csi/testing/socket-client';
import { type Clock, systemClock } from '@berth/runtime/clock';
import { createKeyedLock, type KeyedLock } from '@berth/runtime/keyed-lock';
import { type Logger, silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { afterEach, beforeEach } from 'vitest';
import { type CsiEndpoint, startCsi } from '../csi/endpoint.ts';
import { socketPaths } from '../csi/registration.ts';
import { createHost } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { createVolume } from '../lvm/logical-volume.ts';
import { addDisks } from '../lvm/volume-group.ts';
import { createMounter } from '../mount/mounter.ts';
import { createFakeMachine, type FakeMachine } from './fake-machine.ts';
import { createMachineState, type FakeLv } from './machine-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const MIB = 1024 ** 2;
export const UID = '0b0e7a34-52b5-4c0f-9a52-0d2f4e5b6c71';
export const VOLUME = volumeName(UID);
export const BLOCK = { block: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } };
const SERVICES = loadNodeServices();

interface Current {
  readonly directory: string;
  readonly machine: FakeMachine;
  readonly logged: unknown[];
  locks: KeyedLock;
  endpoint: CsiEndpoint;
}

export const capability = (fsType = 'xfs') => ({
  mount: { fsType, mountFlags: ['rw', 'noatime'] },
  accessMode: { mode: 'SINGLE_NODE_WRITER' },
});

/** For each test of a file: the real CSI server on a fake machine that has one new volume of 400 MiB, and kubelet's calls to it. */
export const useCsi = (clock: Clock = systemClock) => {
  const clients: SocketClient[] = [];
  let current: Current;

  const prepare = async () => {
    const directory = await temporaryDirectory();
    const state = createMachineState([{ path: '/dev/nvme0n1', sizeBytes: 2049 * MIB }]);
    const machine = createFakeMachine(state, directory);
    const lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock: systemClock });
    const disks = [{ link: '/dev/nvme0n1', uuids: ['a'] }];
    await addDisks(lvm, { group: 'csi-vg-nvme', disks, report: { groups: [], orphans: [] } });
    await createVolume(lvm, { group: 'csi-vg-nvme', name: VOLUME, sizeBytes: 400 * MIB, toBeFormatted: true });
    state.commands = [];
    return { directory, machine, logged: [] };
  };

  const open = (
    { directory, machine, logged }: Pick<Current, 'directory' | 'machine' | 'logged'>,
    locks: KeyedLock,
  ) => {
    const host = createHost({ spawner: machine.spawner, prefix: [] });
    const log = (fields: object) => void logged.push(fields);
    const logger: Logger = { ...silentLogger, info: log, warn: log, error: log, debug: log, child: () => logger };
    return startCsi({
      host,
      lvm: createLvm({ host, clock }),
      mounter: createMounter({ host, procDir: machine.procDir }),
      nodeName: 'node-1',
      sysDir: join(directory, 'sys'),
      locks,
      kubeletDir: join(directory, 'kubelet'),
      version: '0.1.0',
      clock,
      logger,
      metrics: createMetrics(),
    });
  };

  beforeEach(async () => {
    const place = await prepare();
    const locks = createKeyedLock();
    current = { ...place, locks, endpoint: await open(place, locks) };
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await current.endpoint.close();
  });

  /** Calls the real server over its socket. */
  const call = <T = Record<string, unknown>>(
    service: keyof typeof SERVICES,
    method: string,
    request: object = {},
  ): Promise<T> => {
    const paths = socketPaths(join(current.directory, 'kubelet'));
    const socket = service === 'registration' ? paths.registration : paths.plugin;
    const client = createSocketClient(socket);
    clients.push(client);
    return client.call(SERVICES[service], method, request);
  };

  const path = (name: string): string => join(current.directory, 'kubelet', name);
  return {
    get directory() {
      return current.directory;
    },
    get machine() {
      return current.machine;
    },
    get endpoint() {
      return current.endpoint;
    },
    get locks() {
      return current.locks;
    },
    get logged() {
      return current.logged;
    },
    /** Starts the server once more, in the same place or in another directory. */
    start: async (directory = current.directory) => {
      current.endpoint = await open({ ...current, directory }, current.locks);
    },
    call,
    path,
    stage: (fields: object = {}) =>
      call('node', 'NodeStageVolume', {
        volumeId: VOLUME,
        stagingTargetPath: path('staging'),
        volumeCapability: capability(),
        ...fields,
      }),
    publish: (fields: object = {}) =>
      call('node', 'NodePublishVolume', {
        volumeId: VOLUME,
        stagingTargetPath: path('staging'),
        targetPath: path('pods/1/mount'),
        volumeCapability: capability(),
        ...fields,
      }),
    unpublish: () => call('node', 'NodeUnpublishVolume', { volumeId: VOLUME, targetPath: path('pods/1/mount') }),
    unstage: () => call('node', 'NodeUnstageVolume', { volumeId: VOLUME, stagingTargetPath: path('staging') }),
    volume: (): FakeLv => current.machine.state.groups[0]?.lvs[0] as FakeLv,
    countMkfs: () => current.machine.state.commands.filter((line) => line.startsWith('mkfs')).length,
  };
};
