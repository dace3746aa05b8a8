import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import { LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import type { FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import { silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import type { AgentConfig } from '../config.ts';
import { createNodeService } from '../csi/node.ts';
import { createHost } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { createMounter } from '../mount/mounter.ts';
import { knownHandedOver } from '../storage/handed-over.ts';
import { createLogicalVolumeReconcile } from '../storage/logical-volume.ts';
import { activateGroups, createNodeStorage } from '../storage/node-storage.ts';
import type { FakeMachine } from './fake-machine.ts';
import { type CrashPoint, Died, type Life, startLife } from './mortal.ts';

/** The agent, but stepped by the test instead of by queues and sockets, so that each of its effects can be its last. */
export interface SteppedAgent {
  /** Effects so far, over all lives. */
  effects(): number;
  lives(): number;
  /** The next death: `effect` counts from here. */
  dieAt(point: CrashPoint | undefined): void;
  /** Ends this life, and the next one begins. */
  restart(): void;
  /** A look at the node's disks. */
  look(): Promise<'done' | Error>;
  reconcile(name: string): Promise<'done' | Error>;
  /** A call of kubelet's, without the socket. */
  call(method: string, request: object): Promise<'done' | Error>;
}

export interface SteppedAgentOptions {
  readonly machine: FakeMachine;
  readonly api: FakeKubeClient;
  readonly config: AgentConfig;
  readonly clock: Clock;
}

export const createSteppedAgent = (options: SteppedAgentOptions): SteppedAgent => {
  let effects = 0;
  let lives = 0;
  let next: CrashPoint | undefined;
  const dieAt = () => {
    const isHere = next?.effect === effects;
    effects += 1;
    return isHere ? next?.when : undefined;
  };
  const begin = () => {
    lives += 1;
    return beginWork(options, startLife({ machine: options.machine, client: options.api, dieAt }));
  };
  let work = begin();

  const attempt = async (piece: (current: Work) => Promise<unknown>): Promise<'done' | Error> => {
    try {
      const current = work;
      await current.life.attempt(() => piece(current));
      return 'done';
    } catch (thrown) {
      if (thrown instanceof Died) work = begin();
      return thrown as Error;
    }
  };

  return {
    effects: () => effects,
    lives: () => lives,
    dieAt: (point) => {
      next = point && { ...point, effect: effects + point.effect };
    },
    restart: () => {
      work = begin();
    },
    look: () => attempt((current) => current.look()),
    reconcile: (name) => attempt((current) => current.reconcile(name)),
    call: (method, request) => attempt((current) => current.call(method, request)),
  };
};

interface Work {
  readonly life: Life;
  look(): Promise<unknown>;
  reconcile(name: string): Promise<unknown>;
  call(method: string, request: object): Promise<unknown>;
}

/** What the agent is made of, put together as `startAgent` does. */
const beginWork = ({ api, config, clock }: SteppedAgentOptions, life: Life): Work => {
  const { signal } = new AbortController();
  const host = createHost({ spawner: life.spawner, prefix: config.commandPrefix });
  const lvm = createLvm({ host, clock, reuseReportsMs: config.reportSeconds * 1000 });
  const mounter = createMounter({ host, procDir: config.procDir });
  const locks = createKeyedLock();
  let objects: readonly LogicalVolume[] = [];
  const common = {
    ...{ ...config, reserveBytes: config.reserve, host, lvm, mounter, locks, client: life.client, clock, signal },
    ...{ logger: silentLogger, metrics: createMetrics() },
  };
  let own: NodeStorage | undefined;
  const list = async () => {
    objects = (await api.list(LOGICAL_VOLUMES)).items;
    own = await api.get(NODE_STORAGES, { name: config.nodeName });
  };
  const read = (name: string) => objects.find(({ metadata }) => metadata.name === name);
  const nodeStorage = createNodeStorage({
    ...common,
    object: () => own,
    healthOf: () => undefined,
    onReport: () => {},
    events: { record: () => {} },
    isKnown: (name) => read(name) !== undefined,
  });
  const reconcile = createLogicalVolumeReconcile({
    ...common,
    read,
    objects: () => objects,
    handedOver: () => knownHandedOver(config.volumeGroups, own?.status),
    onChange: () => {},
  });
  const service = createNodeService(common);
  let activated: Promise<void> | undefined;
  return {
    life,
    look: async () => {
      await list();
      activated ??= activateGroups(common, signal);
      await activated;
      await nodeStorage.refresh(signal);
    },
    reconcile: async (name) => {
      await list();
      await reconcile(name, signal);
    },
    call: async (method, request) => service[method]?.(request as never, signal),
  };
};
