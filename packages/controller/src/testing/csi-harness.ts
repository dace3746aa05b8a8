import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOGICAL_VOLUME_FINALIZER, PARAMETER_DISK_TYPE, TOPOLOGY_KEY } from '@berth/contract/names';
import { formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { loadControllerServices } from '@berth/csi/controller-services';
import { createSocketClient } from '@berth/csi/testing/socket-client';
import { LOGICAL_VOLUMES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { DEFAULT_WEIGHTS } from '@berth/placement/score';
import { type Logger, silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { onTestFinished } from 'vitest';
import { createCaches, startCaches } from '../caches.ts';
import { startCsiEndpoint } from '../csi/endpoint.ts';
import { createVolumePlacement } from '../volume-placement.ts';
import { aNode, failed } from './builders.ts';
import { AGENTS } from './settings.ts';

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

const SERVICES = loadControllerServices();

export const MOUNT = { mount: { fsType: 'xfs', mountFlags: [] }, accessMode: { mode: 'SINGLE_NODE_WRITER' } };
export const BLOCK = { block: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } };
export const on = (node: string) => ({ segments: { [TOPOLOGY_KEY]: node } });

/** A call for 1 GiB of NVMe. */
export const aCreation = (changes: object = {}) => ({
  name: 'my-volume',
  capacityRange: { requiredBytes: GIB },
  volumeCapabilities: [MOUNT],
  parameters: { [PARAMETER_DISK_TYPE]: 'nvme' },
  ...changes,
});

export interface CsiHarnessOptions {
  /** Free bytes as a quantity on the NVMe disks of each node. */
  readonly nodes?: Readonly<Record<string, string>>;
  /** What each of their disks has free; not told when absent. */
  readonly diskFree?: string[];
}

/** The real service on a real socket, with an API server in memory, and agents that work when `agents.work` is true. */
export const startCsiHarness = async ({ nodes = { a: '20Gi', b: '80Gi' }, diskFree }: CsiHarnessOptions = {}) => {
  const api = createFakeKubeClient();
  const clock = createManualClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort(new Error('stopped')));
  for (const [name, free] of Object.entries(nodes)) {
    await api.create(NODES, aNode(name));
    const sizes = { extentSize: '4Mi', size: '100Gi', free, foreign: '0', reserve: '0' };
    const disks = { physicalVolumes: [], ...(diskFree && { diskFree }) };
    const group = { name: 'csi-vg-nvme', medium: 'nvme' as const, uuid: 'u', ...sizes, ...disks };
    await api.create(NODE_STORAGES, { metadata: { name }, status: { groups: [group] } });
  }
  const agents = { work: true, room: true };
  const caches = createCaches({ agents: AGENTS, client: api, clock, logger: silentLogger });
  const place = createVolumePlacement({ caches, weights: DEFAULT_WEIGHTS, clock });
  await startCaches(caches, stop.signal);
  caches.logicalVolumes.onChange(({ after }) => {
    if (after && agents.work) void actAsAgent(after, agents.room);
  });

  const actAsAgent = async (volume: LogicalVolume, hasRoom: boolean) => {
    const { name, deletionTimestamp, finalizers = [] } = volume.metadata;
    if (deletionTimestamp) {
      const left = finalizers.filter((finalizer) => finalizer !== LOGICAL_VOLUME_FINALIZER);
      return api.mergePatch(LOGICAL_VOLUMES, { name }, { metadata: { finalizers: left } });
    }
    const extents = Math.ceil(parseQuantity(volume.spec.size) / (4 * MIB));
    const size = formatQuantity(extents * 4 * MIB);
    if (volume.status?.size === size) return undefined;
    const conditions = failed('ResourceExhausted', 'csi-vg-nvme is full').conditions;
    const refused = volume.status?.phase === 'Ready' ? { conditions } : { phase: 'Failed', conditions };
    const status = hasRoom ? { phase: 'Ready', size, conditions: null } : refused;
    if (!hasRoom && volume.status?.conditions) return undefined;
    return api.mergePatch(LOGICAL_VOLUMES, { name }, { status }, { subresource: 'status' });
  };

  const directory = await mkdtemp(join(tmpdir(), 'berth-controller-'));
  const path = join(directory, 'csi.sock');
  const logged: unknown[] = [];
  const log = (fields: object) => void logged.push(fields);
  const logger: Logger = { ...silentLogger, info: log, warn: log, debug: log, child: () => logger };
  const server = await startCsiEndpoint({ path, client: api, caches, place, clock, logger, metrics: createMetrics() });
  const client = createSocketClient(path);
  onTestFinished(async () => {
    client.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  const call = <T = Record<string, unknown>>(method: string, request: object = {}): Promise<T> => {
    const { controller, identity } = SERVICES;
    return client.call(method in controller ? controller : identity, method, request);
  };
  const create = (changes: object = {}) =>
    call<{
      volume: Record<'volumeId' | 'capacityBytes', string> & { accessibleTopology: object[]; volumeContext: object };
    }>('CreateVolume', aCreation(changes));
  const volumes = async () => (await api.list(LOGICAL_VOLUMES)).items;
  /** Changes every volume a little, so that whoever waits for it looks again. */
  const touch = async () => {
    for (const { metadata } of await volumes()) {
      const patch = { metadata: { annotations: { touched: 'yes' } } };
      await api.mergePatch(LOGICAL_VOLUMES, { name: metadata.name }, patch);
    }
  };
  return { api, clock, agents, call, create, volumes, touch, logged };
};
