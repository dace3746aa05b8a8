import { PARAMETER_DISK_TYPE, REMOVE_NODE_ANNOTATION, TOPOLOGY_KEY } from '@berth/contract/names';
import { waitUntil } from '@berth/e2e/wait';
import { connectKube } from '@berth/kube/connect';
import {
  CAPACITIES,
  CLAIMS,
  CLASSES,
  EVENTS,
  LOGICAL_VOLUMES,
  NODE_STORAGES,
  NODES,
  PODS,
  STATEFUL_SETS,
  VOLUME_RECOVERIES,
  VOLUMES,
} from '@berth/kube/resources';
import type { PersistentVolumeClaim, Pod } from '@berth/kube/types';
import { systemClock } from '@berth/runtime/clock';
import { afterAll, beforeAll, expect } from 'vitest';
import { type NodeSpec, type PlayedNode, playNode } from '../nodes/played-node.ts';
import { openPlane, type Plane } from '../plane.ts';
import { NAMESPACES } from '../resources.ts';
import { aClaim, aPod, aSet, type ClaimWish, OUT_OF_SERVICE, type PodWish, type SetWish } from './objects.ts';

const PATIENCE_MS = 30_000;
/** Many things begin and end at once before and after the tests. */
const SET_UP_MS = 90_000;

/** For the tests of a file: the control plane, nodes that are played, and a namespace; at the end nothing may be left of them. */
export const useStage = (topic: string, specs: readonly NodeSpec[]) => {
  // A run before this one, on the same control plane, may still be on its way out.
  const namespace = `${topic}-${Date.now().toString(36)}`;
  let plane: Plane;
  const nodes = new Map<string, PlayedNode>();

  /** Asks ten times a second until the answer is as expected. */
  const soon = <T>(read: () => T, timeout = PATIENCE_MS) => expect.poll(read, { timeout, interval: 100 });
  const wait = (probe: () => Promise<'done' | string>) =>
    waitUntil(probe, { timeoutMs: SET_UP_MS, signal: plane.berth.signal });

  const addNode = async (spec: NodeSpec) => {
    // A client has so many connections and no more, and what a node watches keeps several of them.
    const client = await connectKube(plane.bed.kubeconfig, systemClock);
    nodes.set(spec.name, await playNode(client, spec));
    await wait(async () => {
      const storage = await plane.client.get(NODE_STORAGES, { name: spec.name });
      const disks = spec.hddGib === undefined ? 1 : 2;
      return storage?.status?.groups?.length === disks
        ? 'done'
        : `the agent of ${spec.name} has not reported its disks`;
    });
    await wait(() => isOffered(spec));
  };

  /** kube-scheduler gives no pod to a node before the controller has told it of the room there, class by class. */
  const isOffered = async ({ name, hddGib }: NodeSpec) => {
    const { items: classes } = await plane.client.list(CLASSES);
    const media: (string | undefined)[] = hddGib === undefined ? ['nvme'] : ['nvme', 'hdd'];
    const usable = classes.filter(({ parameters }) => media.includes(parameters?.[PARAMETER_DISK_TYPE]));
    const { items: capacities } = await plane.client.list(CAPACITIES);
    const told = capacities.filter(({ nodeTopology }) => nodeTopology?.matchLabels?.[TOPOLOGY_KEY] === name);
    return told.length === usable.length ? 'done' : `nothing is said of the room on ${name} for some classes`;
  };

  beforeAll(async () => {
    plane = await openPlane();
    await plane.client.create(NAMESPACES, { metadata: { name: namespace } });
    await Promise.all(specs.map(addNode));
    await wait(async () => {
      const accounts = await plane.bed.kubectl(['-n', namespace, 'get', 'serviceaccount', '-o', 'name']);
      return accounts.includes('default') ? 'done' : `namespace ${namespace} has no service account for pods`;
    });
  });

  afterAll(async () => {
    await plane.client.delete(NAMESPACES, { name: namespace });
    try {
      await wait(async () => {
        const left = await leftovers();
        return left.length === 0 ? 'done' : `there is still ${left.join(', ')}`;
      });
    } finally {
      for (const node of nodes.values()) await node.remove();
    }
  });

  /** Names of the logical volumes on a node's disks. */
  const volumesOn = ({ machine }: PlayedNode): string[] =>
    machine.state.groups.flatMap(({ lvs }) => lvs.map((lv) => lv.name));

  /** Volumes of any kind that are still there. */
  const leftovers = async () => {
    const { items: objects } = await plane.client.list(LOGICAL_VOLUMES);
    const { items: volumes } = await plane.client.list(VOLUMES);
    const onDisk = [...nodes.values()].flatMap((each) =>
      volumesOn(each).map((volume) => `${volume} on the disks of ${each.name}`),
    );
    return [...[...objects, ...volumes].map(({ metadata }) => metadata?.name), ...onDisk];
  };

  const node = (name: string): PlayedNode => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`no node ${name} is played`);
    return found;
  };
  const claim = (name: string) => plane.client.get(CLAIMS, { namespace, name });
  const pod = (name: string) => plane.client.get(PODS, { namespace, name });

  return {
    get plane() {
      return plane;
    },
    get client() {
      return plane.client;
    },
    namespace,
    soon,
    addNode,
    node,
    /** Takes a node away for ever, with whatever is on its disks. */
    removeNode: async (name: string) => {
      await node(name).remove();
      nodes.delete(name);
    },
    /** Says that the node is shut down and its pods don't run. */
    takeOutOfService: (name: string) =>
      plane.client.mergePatch(NODES, { name }, { spec: { taints: [OUT_OF_SERVICE] } }),
    /** The node is there again, and boots. */
    putBackInService: async (name: string) => {
      await plane.client.mergePatch(NODES, { name }, { spec: { taints: null } });
      await node(name).boot();
    },
    cordon: (name: string, unschedulable: boolean) =>
      plane.client.mergePatch(NODES, { name }, { spec: { unschedulable } }),
    /** Says that the node is to be removed, so that its members move away; or that it stays after all. */
    drain: (name: string, leaves: boolean) =>
      plane.client.mergePatch(
        NODES,
        { name },
        {
          spec: { unschedulable: leaves },
          metadata: { annotations: { [REMOVE_NODE_ANNOTATION]: leaves ? 'true' : null } },
        },
      ),
    claim,
    pod,
    leftovers,
    volumesOn: (name: string) => volumesOn(node(name)),
    /** Returns when a pod of this name is on another node than this. */
    isElsewhere: (name: string, than: string) =>
      soon(async () => [than, undefined].includes((await pod(name))?.spec?.nodeName), 60_000).toBe(false),
    nodeOf: async (name: string) => (await pod(name))?.spec?.nodeName,
    logicalVolumeOf: async (name: string) =>
      plane.client.get(LOGICAL_VOLUMES, { name: `pvc-${(await claim(name))?.metadata?.uid}` }),
    volumeOf: async (name: string) => plane.client.get(VOLUMES, { name: (await claim(name))?.spec?.volumeName ?? '' }),
    makeClaim: (wish: Omit<ClaimWish, 'namespace'>, more: PersistentVolumeClaim['spec'] = {}) => {
      const { metadata, spec } = aClaim({ namespace, ...wish });
      return plane.client.create(CLAIMS, { metadata: metadata ?? {}, spec: { ...spec, ...more } });
    },
    makePod: (wish: Omit<PodWish, 'namespace'>): Promise<Pod> =>
      plane.client.create(PODS, aPod({ namespace, ...wish })),
    makeSet: (wish: Omit<SetWish, 'namespace'>) => plane.client.create(STATEFUL_SETS, aSet({ namespace, ...wish })),
    deletePod: (name: string) => plane.client.delete(PODS, { namespace, name }),
    deleteClaim: (name: string) => plane.client.delete(CLAIMS, { namespace, name }),
    isBound: (name: string) => soon(async () => (await claim(name))?.status?.phase).toBe('Bound'),
    isReady: (name: string) =>
      soon(async () => (await pod(name))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe(
        'True',
      ),
    /** Returns when all members of a set are ready. */
    areReady: async (set: string, replicas: number) => {
      const ready = async () =>
        (await plane.client.get(STATEFUL_SETS, { namespace, name: set }))?.status?.readyReplicas ?? 0;
      await soon(ready, 60_000).toBe(replicas);
    },
    /** Decisions that were taken about a pod of this name. */
    recordsOf: async (name: string) =>
      (await plane.client.list(VOLUME_RECOVERIES)).items.filter(
        ({ spec }) => spec.pod.namespace === namespace && spec.pod.name === name,
      ),
    ask: (name: string, size: string) =>
      plane.client.mergePatch(CLAIMS, { namespace, name }, { spec: { resources: { requests: { storage: size } } } }),
    /** What was told about an object of this name, as `Reason: message`. */
    told: async (name: string, where = namespace) =>
      (await plane.client.list(EVENTS, { namespace: where })).items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`),
  };
};
