import { hasCode } from '@berth/contract/errors';
import { CONFIRM_DATA_LOSS_ANNOTATION } from '@berth/contract/names';
import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';
import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, CLASSES, NODES, PODS, VOLUME_RECOVERIES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { createCaches, startCaches } from '../caches.ts';
import { createFreshReader } from '../cluster-reader.ts';
import type { RecoveryMode } from '../recovery/decision.ts';
import { createRecoveryExecutor } from '../recovery/recovery-executor.ts';
import { createRecoveryReconciler } from '../recovery/recovery-reconciler.ts';
import { aClass } from './builders.ts';
import { Crash, type CrashPoint, createCrashingClient } from './crashing-client.ts';
import { makeSet } from './make-set.ts';
import { AGENTS, SETTINGS } from './settings.ts';

const NODE_NAMES = ['a', 'b', 'c'];

export interface LostNodeOptions {
  readonly recovery?: string;
  readonly mode?: RecoveryMode;
  readonly crashes?: readonly CrashPoint[];
  readonly healthChecks?: 'on' | 'off';
}

/** A set es of three, one member a node, each with a volume there. To be stopped. */
export const openLostNodeCluster = async (options: LostNodeOptions = {}) => {
  const { recovery = 'node-lost', mode = 'on', crashes = [], healthChecks = 'off' } = options;
  const api = createFakeKubeClient();
  const clock = createManualClock();
  const told: string[] = [];
  const parameters = { ...aClass().parameters, 'csi.storage.io/recovery': recovery };
  await api.create(CLASSES, aClass({ parameters }));
  for (const name of NODE_NAMES) {
    await api.create(NODES, { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  }
  const { makePod, makeClaim } = await makeSet(api, { name: 'es', volumes: 'pvc', nodeNames: NODE_NAMES });

  const deletions: string[] = [];
  /** Members that were not ready when a record about another one was made. */
  const unreadyThen: string[] = [];
  const noteUnready = async (recovery: VolumeRecovery) => {
    for (const { metadata, status } of (await api.list(PODS)).items) {
      const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
      if (!isReady && metadata?.name !== recovery.spec.pod.name) unreadyThen.push(metadata?.name ?? '');
    }
  };
  const watched: KubeClient = {
    ...api,
    create: async (resource, object, signal) => {
      if (resource.kind === VOLUME_RECOVERIES.kind) await noteUnready(object as VolumeRecovery);
      return api.create(resource, object, signal);
    },
    delete: (resource, ref, how, signal) => {
      deletions.push(`${ref.name} ${how?.gracePeriodSeconds ?? 'gracefully'}`);
      return api.delete(resource, ref, how, signal);
    },
  };
  const client = createCrashingClient(watched, crashes);
  const stopped = new AbortController();
  const live = async () => {
    const { signal } = stopped;
    const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
    await startCaches(caches, signal);
    const fresh = createFreshReader(client, caches, signal);
    const events = {
      record: ({ kind }: { kind?: string | undefined }, event: { reason: string; message: string }) =>
        void (kind !== 'Pod' && told.push(`${event.reason}: ${event.message}`)),
    };
    const services = { client, caches, fresh, events, clock, metrics: createMetrics() };
    const decide = createRecoveryReconciler({ ...services, ...SETTINGS.recovery, mode, healthChecks });
    const execute = createRecoveryExecutor({ ...services, keepRecordsMs: SETTINGS.recovery.keepRecordsMs });
    const records = async () => (await api.list(VOLUME_RECOVERIES)).items;
    return async () => {
      for (const name of NODE_NAMES) await decide(name, signal);
      for (const { metadata } of await records()) await execute(metadata.name, signal);
    };
  };

  let run = await live();
  /** One look at all nodes and records; a crash starts the controller anew. */
  const step = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    try {
      await run();
    } catch (thrown) {
      if (!(thrown instanceof Crash) && !hasCode(thrown, 'Aborted')) throw thrown;
      run = await live();
    }
  };
  const present = async () => {
    const pods = (await api.list(PODS)).items.map(({ metadata }) => metadata?.name);
    const claims = (await api.list(CLAIMS)).items.map(({ metadata }) => metadata?.name);
    return [...pods, ...claims];
  };
  const records = async () =>
    (await api.list(VOLUME_RECOVERIES)).items.map(
      ({ spec, status }) => `${spec.pod.name} ${spec.dryRun ? 'dry-run' : (status?.phase ?? 'undecided')}`,
    );
  const setReady = (index: number, status: string) =>
    api.mergePatch(
      PODS,
      { namespace: 'shop', name: `es-${index}` },
      { status: { conditions: [{ type: 'Ready', status }] } },
      { subresource: 'status' },
    );
  const setNodeReady = (name: string, status: string) => {
    const conditions = [{ type: 'Ready', status, lastTransitionTime: clock.now().toISOString() }];
    return api.mergePatch(NODES, { name }, { status: { conditions } }, { subresource: 'status' });
  };
  /** Somebody writes that the data of a member's claim may be lost. */
  const confirm = async (member: number | string) => {
    const ref = { namespace: 'shop', name: `data-${typeof member === 'number' ? `es-${member}` : member}` };
    const uid = (await api.get(CLAIMS, ref))?.metadata?.uid ?? '';
    return api.mergePatch(CLAIMS, ref, { metadata: { annotations: { [CONFIRM_DATA_LOSS_ANNOTATION]: uid } } });
  };
  return {
    api,
    stop: () => stopped.abort(new Error('stopped')),
    confirm,
    clock,
    told,
    unreadyThen,
    /** What was deleted, each with its grace in seconds. */
    deletions,
    calls: client.count,
    step,
    present,
    records,
    setReady,
    setNodeReady,
    makePod,
    makeClaim,
    /** Another set of three, one member a node. */
    addSet: (name: string, labels: Readonly<Record<string, string>> = {}) =>
      makeSet(api, { name, volumes: `pvc-${name}`, nodeNames: NODE_NAMES, labels }),
  };
};

export type LostNodeCluster = Awaited<ReturnType<typeof openLostNodeCluster>>;
