import type { KubeClient } from '@berth/kube/client';
import { NODE_STORAGES, NODES } from '@berth/kube/resources';
import { systemClock as clock } from '@berth/runtime/clock';
import { registerNode, renewLease } from './node-objects.ts';

const GIB = 1024 ** 3;
/** So many requests at once. */
const WIDTH = 25;
/** After 40 s without a sign the control plane takes a node for lost. */
const RENEW_MS = 15_000;

/**
 * Many nodes of which there are only the objects: Ready, with so much room on an NVMe disk of 100 GiB, and nobody to do anything there.
 * Gives the way to remove them.
 */
export const addSilentNodes = async (
  client: KubeClient,
  names: readonly string[],
  freeGib: number,
): Promise<() => Promise<void>> => {
  const stop = new AbortController();
  await inTurns(names, (name) => addSilentNode(client, name, freeGib));
  const renewing = renewLeases(client, names, stop.signal);
  return async () => {
    stop.abort();
    await renewing;
    await inTurns(names, async (name) => {
      await client.delete(NODES, { name });
      await client.delete(NODE_STORAGES, { name });
    });
  };
};

const addSilentNode = async (client: KubeClient, name: string, freeGib: number): Promise<void> => {
  await registerNode(client, { name, rack: 'r1' });
  await client.create(NODE_STORAGES, { metadata: { name } });
  const bytes = { extentSize: '4Mi', size: String(100 * GIB), free: String(freeGib * GIB), foreign: '0', reserve: '0' };
  const group = { name: 'csi-vg-nvme', medium: 'nvme', uuid: name, ...bytes, physicalVolumes: [] };
  await client.mergePatch(NODE_STORAGES, { name }, { status: { groups: [group] } }, { subresource: 'status' });
};

const renewLeases = async (client: KubeClient, names: readonly string[], signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await inTurns(names, (name) => renewLease(client, name));
    await clock.sleep(RENEW_MS, signal).catch(() => {});
  }
};

const inTurns = async (names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < names.length; at += WIDTH) await Promise.all(names.slice(at, at + WIDTH).map(work));
};
