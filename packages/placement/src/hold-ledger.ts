import { describeLayout, type Footprint, footprintOf } from '@berth/contract/layout';
import type { Medium } from '@berth/contract/medium';
import { KeyedSets } from './keyed-sets.ts';
import type { Hold } from './model.ts';

/** Bytes held on a node: for sure, and at most, when every undecided pod ended up there. */
export interface Held {
  readonly expected: number;
  readonly atMost: number;
}

/** A hold in the ledger. */
export interface Entry extends Hold {
  /** The claim names this node: the hold lasts as long as the claim says so. Else it is a prediction with an end. */
  readonly selected: boolean;
  readonly expiresAtMs: number;
}

interface HeldGroup {
  readonly medium: Medium;
  readonly extentSize: number;
}

/** What one hold takes of a group. */
export interface HeldFootprint {
  /** Else it is on the node only if the scheduler chooses so. */
  readonly isExpected: boolean;
  readonly footprint: Footprint;
}

const NOTHING: Held = { expected: 0, atMost: 0 };

/**
 * Room promised but not yet used, by claim UID, whoever asks and how often.
 *
 * A claim has at most one prediction, made when its pod was filtered, and one selection, which is what the claim itself
 * says. A new selection that the prediction offered counts instead of it. But what the claim says may be old news, which
 * the scheduler knows to be taken back: so the prediction counts again when the selection goes, until its time is over.
 * Where the selection was not offered, or was known when the prediction was made, both stand, counted once where they
 * agree. All methods are synchronous and may be repeated. Time is passed in, in monotonic milliseconds.
 */
export class HoldLedger {
  readonly #ttlMs: number;
  /** In the order of expiry: each is put at the end and all live equally long. */
  readonly #predicted = new Map<string, Entry>();
  readonly #selected = new Map<string, Entry>();
  /** Those whose volumes need several disks. */
  readonly #onSeveralDisks = new Set<Entry>();
  /** Predictions that a selection counts for. */
  readonly #answered = new Set<Entry>();
  readonly #byNode = new KeyedSets<Entry>();
  readonly #byApplication = new KeyedSets<Entry>();
  readonly #byPod = new KeyedSets<Entry>();

  constructor(options: { readonly ttlMs: number }) {
    this.#ttlMs = options.ttlMs;
  }

  get size(): number {
    return this.#predicted.size - this.#answered.size + this.#selected.size;
  }

  /** Whether any volume that room is held for needs several disks. */
  get needsSeveralDisks(): boolean {
    return this.#onSeveralDisks.size > 0;
  }

  /** Claims, but for the given ones, whose node the scheduler may still choose. */
  undecided(except: ReadonlySet<string>): number {
    let count = this.#predicted.size - this.#answered.size;
    for (const claimUid of except) if (this.get(claimUid)?.selected === false) count -= 1;
    return count;
  }

  /** The newest that counts for a claim. */
  get(claimUid: string): Entry | undefined {
    const predicted = this.#predicted.get(claimUid);
    return predicted && !this.#answered.has(predicted) ? predicted : this.#selected.get(claimUid);
  }

  /** Those that count. */
  entries(): Entry[] {
    const predicted = [...this.#predicted.values()].filter((entry) => !this.#answered.has(entry));
    return [...predicted, ...this.#selected.values()];
  }

  /** Predicts for all of a pod's claims at once, instead of what was predicted for them before. */
  hold(holds: readonly Hold[], nowMs: number): void {
    for (const hold of holds) {
      this.#remove(this.#predicted.get(hold.claimUid));
      this.#add({ ...hold, selected: false, expiresAtMs: nowMs + this.#ttlMs });
    }
  }

  /** The claim names its node. */
  select(hold: Omit<Hold, 'candidates'>): void {
    const { claimUid, node } = hold;
    const old = this.#selected.get(claimUid);
    if (old && sameHold(old, hold)) return;
    this.#remove(old);
    const predicted = this.#predicted.get(claimUid);
    if (predicted && old?.node !== node) {
      if (predicted.candidates.includes(node)) this.#setAside(predicted);
      else this.#takeUp(predicted);
    }
    this.#add({ ...hold, candidates: [node], selected: true, expiresAtMs: Number.POSITIVE_INFINITY });
  }

  /** The claim names no node (any more). */
  unselect(claimUid: string): void {
    this.#remove(this.#selected.get(claimUid));
    const predicted = this.#predicted.get(claimUid);
    if (predicted) this.#takeUp(predicted);
  }

  /** The LogicalVolume exists, or the claim is gone. */
  release(claimUid: string): void {
    this.#remove(this.#predicted.get(claimUid));
    this.#remove(this.#selected.get(claimUid));
  }

  /** The pod is gone or fits nowhere: its predictions end; what its claims have selected is still coming. */
  releasePod(podUid: string): void {
    for (const entry of [...this.#byPod.get(podUid)]) {
      if (!entry.selected) this.#remove(entry);
    }
  }

  /** Drops predictions whose time is over; costs as much as there are to drop. */
  expire(nowMs: number): void {
    for (const entry of this.#predicted.values()) {
      if (entry.expiresAtMs > nowMs) return;
      this.#remove(entry);
    }
  }

  /** Bytes held on a node for claims other than the given ones, with copies, in whole extents. */
  held(node: string, group: HeldGroup, except: ReadonlySet<string>): Held {
    const entries = this.#byNode.get(node);
    if (entries.size === 0) return NOTHING;
    let expected = 0;
    let atMost = 0;
    for (const entry of entries) {
      if (!this.#counts(entry, node, group.medium, except)) continue;
      const { takenBytes } = footprintOf(entry.layout, entry.bytes, group.extentSize);
      atMost += takenBytes;
      if (entry.node === node) expected += takenBytes;
    }
    return { expected, atMost };
  }

  /** What makes up `held`, one by one: those that are expected on the node, and those that may still come there. */
  footprints(node: string, group: HeldGroup, except: ReadonlySet<string>): HeldFootprint[] {
    const held: HeldFootprint[] = [];
    for (const entry of this.#byNode.get(node)) {
      if (!this.#counts(entry, node, group.medium, except)) continue;
      const footprint = footprintOf(entry.layout, entry.bytes, group.extentSize);
      held.push({ isExpected: entry.node === node, footprint });
    }
    return held;
  }

  /** Where a claim's prediction and its selection agree, the selection counts. */
  #counts(entry: Entry, node: string, medium: Medium, except: ReadonlySet<string>): boolean {
    if (entry.medium !== medium || except.has(entry.claimUid)) return false;
    return entry.selected || this.#selected.get(entry.claimUid)?.node !== node;
  }

  /** Entries that are expected on a node, or may still come there. */
  onNode(node: string): ReadonlySet<Entry> {
    return this.#byNode.get(node);
  }

  ofApplication(application: string): ReadonlySet<Entry> {
    return this.#byApplication.get(application);
  }

  #add(entry: Entry): void {
    (entry.selected ? this.#selected : this.#predicted).set(entry.claimUid, entry);
    if (entry.podUid !== undefined) this.#byPod.add(entry.podUid, entry);
    if (entry.layout.type !== 'linear') this.#onSeveralDisks.add(entry);
    this.#count(entry);
  }

  #count(entry: Entry): void {
    for (const node of entry.candidates) this.#byNode.add(node, entry);
    if (entry.application !== undefined) this.#byApplication.add(entry.application, entry);
  }

  #countNoMore(entry: Entry): void {
    for (const node of entry.candidates) this.#byNode.remove(node, entry);
    if (entry.application !== undefined) this.#byApplication.remove(entry.application, entry);
  }

  #setAside(predicted: Entry): void {
    this.#answered.add(predicted);
    this.#countNoMore(predicted);
  }

  #takeUp(predicted: Entry): void {
    if (this.#answered.delete(predicted)) this.#count(predicted);
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return;
    (entry.selected ? this.#selected : this.#predicted).delete(entry.claimUid);
    if (entry.podUid !== undefined) this.#byPod.remove(entry.podUid, entry);
    this.#answered.delete(entry);
    this.#onSeveralDisks.delete(entry);
    this.#countNoMore(entry);
  }
}

const sameHold = (entry: Entry, hold: Omit<Hold, 'candidates'>): boolean =>
  entry.node === hold.node &&
  entry.medium === hold.medium &&
  entry.bytes === hold.bytes &&
  describeLayout(entry.layout) === describeLayout(hold.layout) &&
  entry.podUid === hold.podUid &&
  entry.application === hold.application &&
  entry.member === hold.member;
