import type { Medium } from '@berth/contract/medium';
import { wholeExtents } from './free-space.ts';
import { KeyedSets } from './keyed-sets.ts';
import type { Hold } from './model.ts';

/** Bytes held on a node: for sure, and at most, when every undecided pod ended up there. */
export interface Held {
  readonly expected: number;
  readonly atMost: number;
}

/** A hold in the ledger. It is selected once the claim names its node: then it lasts as long as the claim says so. */
export interface Entry extends Hold {
  readonly selected: boolean;
  readonly expiresAtMs: number;
}

const NOTHING: Held = { expected: 0, atMost: 0 };

/**
 * Room promised but not yet used, by claim UID: one entry per claim, whoever asks and how often.
 *
 * An entry begins as a prediction, when a pod is filtered, and ends with its time to live unless the claim names a
 * node (`select`). All methods are synchronous and may be repeated. Time is passed in, in monotonic milliseconds.
 */
export class HoldLedger {
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();
  /** Those not selected, in the order of expiry: each is put at the end and all live equally long. */
  readonly #predictions = new Set<Entry>();
  readonly #byNode = new KeyedSets<Entry>();
  readonly #byApplication = new KeyedSets<Entry>();
  readonly #byPod = new KeyedSets<Entry>();

  constructor(options: { readonly ttlMs: number }) {
    this.#ttlMs = options.ttlMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(claimUid: string): Entry | undefined {
    return this.#entries.get(claimUid);
  }

  /** Holds all of a pod's claims at once. What is selected on the same node already stays so. */
  hold(holds: readonly Hold[], nowMs: number): void {
    for (const hold of holds) {
      const old = this.#entries.get(hold.claimUid);
      if (old?.selected && old.node === hold.node) continue;
      this.#put({ ...hold, selected: false, expiresAtMs: nowMs + this.#ttlMs });
    }
  }

  /** The claim names its node: the hold moves there, whatever was predicted, and does not expire. */
  select(hold: Omit<Hold, 'candidates'>): void {
    const old = this.#entries.get(hold.claimUid);
    if (old?.selected && sameHold(old, hold)) return;
    this.#put({ ...hold, candidates: [hold.node], selected: true, expiresAtMs: Number.POSITIVE_INFINITY });
  }

  /** The claim names no node any more. A newer prediction stays. */
  unselect(claimUid: string): void {
    const old = this.#entries.get(claimUid);
    if (old?.selected) this.#remove(old);
  }

  /** The LogicalVolume exists, or the claim is gone. */
  release(claimUid: string): void {
    const old = this.#entries.get(claimUid);
    if (old) this.#remove(old);
  }

  /** The pod is gone or fits nowhere: its predictions end; what its claims have selected is still coming. */
  releasePod(podUid: string): void {
    for (const entry of [...this.#byPod.get(podUid)]) {
      if (!entry.selected) this.#remove(entry);
    }
  }

  /** Drops predictions whose time is over; costs as much as there are to drop. */
  expire(nowMs: number): void {
    for (const entry of this.#predictions) {
      if (entry.expiresAtMs > nowMs) return;
      this.#remove(entry);
    }
  }

  /** Bytes held on a node for claims other than the given ones, in whole extents. */
  held(node: string, group: { medium: Medium; extentSize: number }, except: ReadonlySet<string>): Held {
    const entries = this.#byNode.get(node);
    if (entries.size === 0) return NOTHING;
    let expected = 0;
    let atMost = 0;
    for (const entry of entries) {
      if (entry.medium !== group.medium || except.has(entry.claimUid)) continue;
      const bytes = wholeExtents(entry.bytes, group.extentSize);
      atMost += bytes;
      if (entry.node === node) expected += bytes;
    }
    return { expected, atMost };
  }

  /** Entries that are expected on a node, or may still come there. */
  onNode(node: string): ReadonlySet<Entry> {
    return this.#byNode.get(node);
  }

  ofApplication(application: string): ReadonlySet<Entry> {
    return this.#byApplication.get(application);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  #put(entry: Entry): void {
    this.release(entry.claimUid);
    this.#entries.set(entry.claimUid, entry);
    if (!entry.selected) this.#predictions.add(entry);
    for (const node of new Set([entry.node, ...entry.candidates])) this.#byNode.add(node, entry);
    if (entry.application !== undefined) this.#byApplication.add(entry.application, entry);
    if (entry.podUid !== undefined) this.#byPod.add(entry.podUid, entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.claimUid);
    this.#predictions.delete(entry);
    for (const node of new Set([entry.node, ...entry.candidates])) this.#byNode.remove(node, entry);
    if (entry.application !== undefined) this.#byApplication.remove(entry.application, entry);
    if (entry.podUid !== undefined) this.#byPod.remove(entry.podUid, entry);
  }
}

const sameHold = (entry: Entry, hold: Omit<Hold, 'candidates'>): boolean =>
  entry.node === hold.node &&
  entry.medium === hold.medium &&
  entry.bytes === hold.bytes &&
  entry.podUid === hold.podUid &&
  entry.application === hold.application &&
  entry.member === hold.member;
