import { isDeepStrictEqual } from 'node:util';
import { AppError, toAppError } from '@berth/contract/errors';
import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import { apiVersionOf, NODE_STORAGES, NODES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import { findMissingPrograms, HOST_PROGRAMS } from '../host/host.ts';
import { readReport } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { activateGroup } from '../lvm/volume-group.ts';
import { type DiskScanOptions, scanDisks } from './disk-scan.ts';
import { buildConditions } from './health.ts';
import { buildStatus } from './status.ts';

export interface NodeStorageOptions extends DiskScanOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly reserveBytes: number;
}

const FIELD_MANAGER = 'berth-agent';

/** Keeps the node's NodeStorage object true: takes disks, then writes what there is, if it is not what was written before. */
export const createNodeStorage = (options: NodeStorageOptions) => {
  const { client, host, lvm, nodeName, clock, logger } = options;
  let written: NodeStorageStatus | undefined;

  const readWritten = async (signal: AbortSignal): Promise<NodeStorageStatus | undefined> => {
    const existing = await client.get(NODE_STORAGES, { name: nodeName }, signal);
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

  const objectWith = (metadata: object, status?: NodeStorageStatus) => ({
    apiVersion: apiVersionOf(NODE_STORAGES),
    kind: NODE_STORAGES.kind,
    metadata: { name: nodeName, ...metadata },
    ...(status && { status }),
  });

  return {
    /** One look at the node. Repeatable at any time. */
    refresh: async (signal: AbortSignal): Promise<void> => {
      const before = written ?? (await readWritten(signal));
      const missingPrograms = await findMissingPrograms(host, HOST_PROGRAMS);
      const disks = await scanDisks(options, signal);
      const report = await readReport(lvm, signal);
      const status: NodeStorageStatus = {
        ...buildStatus({ report, disks, previous: before, reserveBytes: options.reserveBytes }),
        conditions: [...buildConditions(before?.conditions ?? [], { missingPrograms, report }, clock.now())],
      };
      if (!isDeepStrictEqual(status, before)) {
        for (const sentence of missingPrograms) logger.error({ sentence }, 'a program is missing on the node');
        const applied = { fieldManager: FIELD_MANAGER, subresource: 'status' } as const;
        await client.apply(NODE_STORAGES, objectWith({}, status), applied, signal).catch((thrown: unknown) => {
          written = undefined;
          throw thrown;
        });
      }
      written = status;
    },
  };
};

/** Makes the devices of our groups' volumes appear after a boot. One group that can't be activated does not stop the others. */
export const activateGroups = async (
  { lvm, logger }: Pick<NodeStorageOptions, 'lvm' | 'logger'>,
  signal: AbortSignal,
): Promise<void> => {
  const report = await readReport(lvm, signal);
  for (const group of report.groups.filter(({ tags, exported }) => tags.includes(OWNER_TAG) && !exported)) {
    try {
      await activateGroup(lvm, group.name, signal);
    } catch (thrown) {
      logger.error({ err: toAppError(thrown), group: group.name }, 'volume group can not be activated');
    }
  }
};
