import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { type ClaimChange, claim, createFixture, node, nodeStorage, pod, storageClass, volume } from './fixture.ts';

export const NODES = ['n1', 'n2', 'n3'];
export const NODE_GIB = 100;

/** The watches, each of which delivers in its own time. */
export const COLLECTIONS = ['claims', 'volumes', 'pods', 'storages'] as const;
type Collection = (typeof COLLECTIONS)[number];

export const HAPPENINGS = ['decide', 'giveUp', 'select', 'make', 'report', 'takeBack', 'delete'] as const;
export type Happening = (typeof HAPPENINGS)[number];

/** One pod of the world: its claims' sizes in GiB, and how far it has come. */
export interface Actor {
  readonly name: string;
  readonly gib: readonly number[];
  state: 'waiting' | 'decided' | 'selected' | 'made' | 'gone';
  node: string;
}

/**
 * A world of three nodes that the extender learns of late: what happens is queued by collection, as watches deliver it,
 * and each queue is delivered on its own, some of it twice, some of it only as the list after a gap.
 *
 * The scheduler takes any node it is offered. Only where one node is offered while others have a choice is that room a
 * prediction, which may fail and which LVM then refuses: such an offer is not taken here.
 */
export const createWorld = (sizes: readonly (readonly number[])[], shortlist = 1) => {
  const actors = sizes.map((gib, index): Actor => ({ name: `p${index}`, gib, state: 'waiting', node: '' }));
  const queues = new Map<Collection, ((caches: typeof berth.caches) => void)[]>();
  const later = (collection: Collection, event: (caches: typeof berth.caches) => void) =>
    queues.set(collection, [...(queues.get(collection) ?? []), event]);
  let taken = 0;
  let berth = createFixture({ shortlist });

  const used = (name: string, states: readonly Actor['state'][]) =>
    actors
      .filter((actor) => actor.node === name && states.includes(actor.state))
      .reduce((sum, actor) => sum + actor.gib.reduce((all, gib) => all + gib, 0), 0);
  const report = (name: string) => nodeStorage(name, NODE_GIB, { free: NODE_GIB - used(name, ['made']) });

  const deliver = (collection: Collection, count: number) => {
    for (const event of queues.get(collection)?.splice(0, count) ?? []) event(berth.caches);
  };

  const deliverTwice = (collection: Collection, count: number) => {
    for (const event of queues.get(collection)?.splice(0, count) ?? []) {
      event(berth.caches);
      event(berth.caches);
    }
  };

  const othersChoose = (actor: Actor): boolean =>
    berth.ledger.entries().some((entry) => entry.candidates.length > 1 && entry.podUid !== `uid-${actor.name}`);

  const happenings: Readonly<Record<Happening, (actor: Actor) => Promise<void> | void>> = {
    decide: async (actor) => {
      if (actor.state !== 'waiting') return;
      const { NodeNames } = await berth.filter(podOf(actor), NODES);
      const offered = NodeNames ?? [];
      if (offered.length === 0 || (offered.length === 1 && othersChoose(actor))) return;
      taken += 1;
      Object.assign(actor, { state: 'decided', node: offered[taken % offered.length] });
    },
    // Something else in the scheduler failed; nobody says so.
    giveUp: (actor) => {
      if (actor.state === 'decided') actor.state = 'waiting';
    },
    select: (actor) => {
      if (actor.state !== 'decided') return;
      actor.state = 'selected';
      for (const each of claimsOf(actor, { selectedNode: actor.node })) later('claims', (to) => to.claims.put(each));
    },
    make: (actor) => {
      if (actor.state !== 'selected') return;
      actor.state = 'made';
      for (const each of volumesOf(actor)) later('volumes', (to) => to.volumes.put(each));
    },
    report: (actor) => {
      const reported = report(NODES[Number(actor.name.slice(1)) % NODES.length] ?? '');
      later('storages', (to) => to.storages.put(reported));
    },
    // The volume goes before the choice is taken back, and the scheduler can't ask again before it has seen both.
    takeBack: (actor) => {
      if (actor.state !== 'selected' && actor.state !== 'made') return;
      loseVolumes(actor);
      deliver('volumes', Number.POSITIVE_INFINITY);
      for (const each of claimsOf(actor)) later('claims', (to) => to.claims.put(each));
      actor.state = 'waiting';
    },
    delete: (actor) => {
      loseVolumes(actor);
      actor.state = 'gone';
      later('pods', (to) => to.pods.remove(`prod/${actor.name}`));
      for (const name of claimNames(actor)) later('claims', (to) => to.claims.remove(`prod/${name}`));
    },
  };

  const loseVolumes = (actor: Actor) => {
    if (actor.state !== 'made') return;
    for (const each of volumesOf(actor)) later('volumes', (to) => to.volumes.remove(each.metadata.name));
  };

  const listed: Readonly<Record<Collection, () => void>> = {
    claims: () => {
      for (const actor of actors) {
        if (actor.state !== 'gone')
          for (const each of claimsOf(actor, selectionOf(actor))) berth.caches.claims.put(each);
      }
      for (const actor of actors.filter(({ state }) => state === 'gone')) {
        for (const name of claimNames(actor)) berth.caches.claims.remove(`prod/${name}`);
      }
    },
    volumes: () => {
      for (const actor of actors) {
        for (const each of volumesOf(actor)) {
          if (actor.state === 'made') berth.caches.volumes.put(each);
          else berth.caches.volumes.remove(each.metadata.name);
        }
      }
    },
    pods: () => {
      for (const actor of actors) {
        if (actor.state === 'gone') berth.caches.pods.remove(`prod/${actor.name}`);
        else berth.caches.pods.put(podOf(actor));
      }
    },
    storages: () => {
      for (const name of NODES) berth.caches.storages.put(report(name));
    },
  };

  /** A watch that broke: what it had still to say is lost, and a new list shows how things are. */
  const gap = (collection: Collection) => {
    queues.delete(collection);
    listed[collection]();
  };

  /** A new process: everything is listed anew, and what it had answered but not seen done is asked again. */
  const restart = () => {
    berth = createFixture({ shortlist });
    berth.caches.classes.put(storageClass('fast'));
    for (const name of NODES) berth.caches.nodes.put(node(name));
    for (const actor of actors) if (actor.state === 'decided') actor.state = 'waiting';
    for (const collection of COLLECTIONS) gap(collection);
  };
  restart();

  return {
    actors,
    happen: async (what: Happening, index: number): Promise<void> => {
      const actor = actors[index % actors.length];
      if (actor) await happenings[what](actor);
    },
    deliver,
    deliverTwice,
    gap,
    restart,
    /** GiB of a node that are used, on their way, or promised to the scheduler. */
    promisedOn: (name: string) => used(name, ['decided', 'selected', 'made']),
    holds: () => berth.ledger.entries(),
  };
};

const claimNames = (actor: Actor) => actor.gib.map((_, index) => `${actor.name}-${index}`);

const podOf = (actor: Actor) => pod(actor.name, claimNames(actor));

const claimsOf = (actor: Actor, change: ClaimChange = {}) =>
  actor.gib.map((gib, index) => claim(`${actor.name}-${index}`, { ...change, gib }));

const selectionOf = ({ state, node: selectedNode }: Actor): ClaimChange =>
  state === 'selected' || state === 'made' ? { selectedNode } : {};

const volumesOf = (actor: Actor): LogicalVolume[] =>
  actor.gib.map((gib, index) => volume(`${actor.name}-${index}`, actor.node, { gib }));
