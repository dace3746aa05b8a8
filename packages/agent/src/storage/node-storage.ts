import { isDeepStrictEqual } from 'node:util';
import { AppError, toAppError } from '@berth/contract/errors';
import type { DiskHealth, NodeStorage, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import type { EventRecorder, EventText } from '@berth/kube/event-recorder';
import { apiVersionOf, NODE_STORAGES, NODES } from '@berth/kube/resources';
import type { KeyedLock } from '@berth/runtime/keyed-lock';
import type { Metrics } from '@berth/runtime/metrics';
import type { Labels } from '../disks/medium-rules.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { activateGroup } from '../lvm/volume-group.ts';
import { buildConditions } from './health.ts';
import { createLoadMeter } from './load.ts';
import { createLook, type LookOptions } from './look.ts';
import { createGroupMetrics, createRemovalMetrics } from './metrics.ts';
import { type IsKnown, removeOrphans } from './orphans.ts';
import { leavingOf, takeRequests } from './requests.ts';
import { buildStatus } from './status.ts';
import { eventsBetween } from './status-events.ts';

export interface NodeStorageOptions extends LookOptions {
  readonly client: KubeClient;
  readonly metrics: Metrics;
  readonly reserveBytes: number;
  readonly isKnown: IsKnown;
  readonly locks: KeyedLock;
  /** The node's own NodeStorage as last seen. */
  readonly object: () => NodeStorage | undefined;
  readonly events: EventRecorder;
  readonly healthOf: (identity: string) => DiskHealth | undefined;
  /** Told what LVM reports at each look. */
  readonly onReport: (report: LvmReport) => void;
}

const FIELD_MANAGER = 'berth-agent';

/** Keeps the node's NodeStorage object true: takes disks, then writes what there is, if it is not what was written before. */
export const createNodeStorage = (options: NodeStorageOptions) => {
  const { client, nodeName, clock, logger } = options;
  const { look, untilScanMs, forget: forgetDisks } = createLook(options);
  const measureLoad = createLoadMeter(options);
  const showMetrics = createGroupMetrics(options.metrics);
  const showRemovals = createRemovalMetrics(options.metrics);
  let written: NodeStorageStatus | undefined;
  /** The object as it was read: what is asked for until the watch knows, so that no removed disk is taken again at the start. */
  let existing: NodeStorage | undefined;

  const readWritten = async (signal: AbortSignal): Promise<NodeStorageStatus | undefined> => {
    existing = await client.get(NODE_STORAGES, { name: nodeName }, signal);
    if (existing === undefined) await createObject(signal);
    return existing?.status;
  };

  const createObject = async (signal: AbortSignal): Promise<void> => {
    const node = await client.get(NODES, { name: nodeName }, signal);
    const uid = node?.metadata?.uid;
    if (uid === undefined) throw new AppError('Unavailable', `there is no Node object ${nodeName} yet`);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }];
    await client.apply(NODE_STORAGES, objectWith({ ownerReferences }), { fieldManager: FIELD_MANAGER }, signal);
  };

  const readNodeLabels = async (signal: AbortSignal): Promise<Labels> => {
    if (!options.mediumRules.some(({ usesLabels }) => usesLabels) || untilScanMs() > 0) return {};
    return (await client.get(NODES, { name: nodeName }, signal))?.metadata?.labels ?? {};
  };

  const objectWith = (metadata: object, status?: NodeStorageStatus) => ({
    apiVersion: apiVersionOf(NODE_STORAGES),
    kind: NODE_STORAGES.kind,
    metadata: { name: nodeName, ...metadata },
    ...(status && { status }),
  });

  const write = async (status: NodeStorageStatus, signal: AbortSignal): Promise<void> => {
    // Should the write fail, the next look reads what the API server has.
    written = undefined;
    const applied = { fieldManager: FIELD_MANAGER, subresource: 'status' } as const;
    await client.apply(NODE_STORAGES, objectWith({}, status), applied, signal);
  };

  const tell = (events: readonly EventText[]) => {
    const { apiVersion, kind, metadata } = objectWith({ uid: options.object()?.metadata.uid });
    for (const event of events) options.events.record({ apiVersion, kind, metadata }, event);
  };

  return {
    /** One look at the node. Repeatable at any time; due again after the time it returns. */
    refresh: async (signal: AbortSignal): Promise<{ readonly againAfterMs: number }> => {
      const before = written ?? (await readWritten(signal));
      const { wipe, forget, removeOrphans: orphans } = await takeRequests(client, options.object(), signal);
      tell(await removeOrphans(orphans, { ...options, previous: before, signal }));
      const leaving = leavingOf(options.object() ?? existing);
      const request = { wipe, leaving, forget, previous: before, nodeLabels: await readNodeLabels(signal) };
      const { seen, missingPrograms, events } = await look(request, signal);
      tell(events);
      const busy = 'failure' in seen ? new Map<string, number>() : await measureLoad(seen.disks, before);
      const now = clock.now();
      const built =
        'failure' in seen ? before : buildStatus({ ...options, ...seen, previous: before, leaving, forget, now, busy });
      const facts = { missingPrograms, seen, status: built ?? {} };
      const status = { ...built, conditions: [...buildConditions(before?.conditions ?? [], facts, now)] };
      if (!isDeepStrictEqual(status, before)) {
        for (const sentence of missingPrograms) logger.error({ sentence }, 'a program is missing on the node');
        await write(status, signal);
        tell(eventsBetween(before, status));
      }
      written = status;
      if ('failure' in seen) throw seen.failure;
      showMetrics(seen.report, status);
      showRemovals(status);
      options.onReport(seen.report);
      return { againAfterMs: untilScanMs() };
    },
    /** The disks have changed: the next look is one at them too. */
    forgetDisks,
  };
};

/**
 * Makes the devices of our groups' volumes appear after a boot, where they have not appeared yet. One group that can't be
 * activated does not stop the others.
 */
export const activateGroups = async (
  { lvm, logger }: Pick<NodeStorageOptions, 'lvm' | 'logger'>,
  signal: AbortSignal,
): Promise<void> => {
  const report = await readReport(lvm, signal);
  const ours = report.groups.filter(({ tags, exported }) => tags.includes(OWNER_TAG) && !exported);
  for (const group of ours.filter(({ logicalVolumes }) => logicalVolumes.some(({ active }) => !active))) {
    try {
      await activateGroup(lvm, group.name, signal);
    } catch (thrown) {
      logger.error({ err: toAppError(thrown), group: group.name }, 'volume group can not be activated');
    }
  }
};
