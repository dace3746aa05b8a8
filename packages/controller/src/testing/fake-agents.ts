import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { failed, READY, VOLUME } from './builders.ts';

export interface FakeAgentOptions {
  /** Nodes in the order in which the scheduler tries them. */
  readonly nodes?: readonly string[];
  /** Nodes whose agent finds no room. */
  readonly full?: readonly string[];
  /** The largest volume that fits on any node. */
  readonly largest?: string;
}

/** The agents of all nodes, for the one volume of the fake cluster. */
export const createFakeAgents = (client: KubeClient, options: FakeAgentOptions) => {
  const { nodes = ['a', 'b'], full = [], largest = '1Ti' } = options;
  const disks = new Map(nodes.map((node) => [node, new Set<string>()]));

  const report = (status: object) =>
    client.mergePatch(LOGICAL_VOLUMES, { name: VOLUME }, { status }, { subresource: 'status' });

  const remove = async (disk: Set<string>, volume: LogicalVolume) => {
    disk.delete(VOLUME);
    const finalizers = (volume.metadata.finalizers ?? []).filter((name) => name !== LOGICAL_VOLUME_FINALIZER);
    await client.mergePatch(LOGICAL_VOLUMES, { name: VOLUME }, { metadata: { finalizers } });
  };

  const make = async (disk: Set<string>, node: string) => {
    const hasRoom = !full.includes(node);
    if (hasRoom) disk.add(VOLUME);
    await report(hasRoom ? READY : failed('ResourceExhausted', 'no room'));
  };

  return {
    /** Volumes on the disks of a node. */
    disk: (node: string): ReadonlySet<string> => disks.get(node) ?? new Set(),
    step: async () => {
      const volume = await client.get(LOGICAL_VOLUMES, { name: VOLUME });
      const node = volume?.spec.nodeName ?? '';
      const disk = disks.get(node);
      if (!volume || !disk || !(await client.get(NODES, { name: node }))) return;
      if (volume.metadata.deletionTimestamp) await remove(disk, volume);
      else if (volume.status === undefined) await make(disk, node);
      else if (volume.status.phase === 'Ready') await report(grown(volume, largest));
    },
  };
};

/** What does not fit is refused, and the volume stays as it is. */
const grown = ({ spec, status }: LogicalVolume, largest: string): object => {
  const asked = parseQuantity(spec.size);
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
  const conditions = others.length > 0 ? others : null;
  if (asked <= parseQuantity(status?.size ?? '0')) return { conditions };
  if (asked <= parseQuantity(largest)) return { size: spec.size, conditions };
  return { conditions: [...others, ...(failed('ResourceExhausted', 'no room').conditions ?? [])] };
};
