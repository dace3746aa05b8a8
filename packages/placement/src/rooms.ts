import type { NodeState } from './model.ts';

/** Room on a node for all demands of a pod together. */
export interface Room {
  /** Holds on every node they may still come to are counted, and there is room nevertheless. */
  readonly sure: boolean;
  /**
   * How well the room left after placement suits the policies, 0..1: for `spread`, much in the medium asked for; for
   * `concentrated`, little on the whole node.
   */
  readonly fit: number;
  /** How busy the disks asked for are, 0..1: those of the busiest medium. Not measured counts as idle. */
  readonly busy: number;
}

/** A node that fits. */
export interface Choice {
  readonly node: NodeState;
  /** There is room wherever other pods end up whose node is not decided yet. */
  readonly sure: boolean;
  /** 0..1. */
  readonly score: number;
}

/**
 * The rooms found for a pod, a row each, in the order of the nodes asked about. The numbers lie in columns: an object for
 * each of thousands of nodes, call after call, would keep the garbage collector busy.
 */
export class Rooms {
  readonly nodes: NodeState[] = [];
  readonly #sure: Uint8Array;
  readonly #fit: Float64Array;
  readonly #busy: Float64Array;
  readonly #score: Float64Array;
  #isAnyBusy = false;

  /** For at most so many nodes. */
  constructor(most: number) {
    this.#sure = new Uint8Array(most);
    this.#fit = new Float64Array(most);
    this.#busy = new Float64Array(most);
    this.#score = new Float64Array(most);
  }

  get length(): number {
    return this.nodes.length;
  }

  add(node: NodeState, { sure, fit, busy }: Room): void {
    const row = this.nodes.push(node) - 1;
    this.#sure[row] = Number(sure);
    this.#fit[row] = fit;
    this.#busy[row] = busy;
    this.#score[row] = fit;
    this.#isAnyBusy ||= busy > 0;
  }

  /** Whether the disks of any room have anything to do, as far as somebody measures it. */
  get isAnyBusy(): boolean {
    return this.#isAnyBusy;
  }

  /** Gives each room its score. Until then that is how well it fits. */
  rate(scoreOf: (row: number) => number): void {
    for (let row = 0; row < this.length; row += 1) this.#score[row] = scoreOf(row);
  }

  sure(row: number): boolean {
    return this.#sure[row] === 1;
  }

  fit(row: number): number {
    return this.#fit[row] ?? 0;
  }

  busy(row: number): number {
    return this.#busy[row] ?? 0;
  }

  /** 0..1. */
  score(row: number): number {
    return this.#score[row] ?? 0;
  }

  /** Whether each room is sure (1) and its score, by row: what is worth keeping of it. */
  columns(): { readonly sure: Uint8Array; readonly scores: Float32Array } {
    const scores = Float32Array.from(this.#score.subarray(0, this.length));
    return { sure: this.#sure.slice(0, this.length), scores };
  }

  /** Throws RangeError for a row that there is not. */
  choice(row: number): Choice {
    const node = this.nodes[row];
    if (node === undefined) throw new RangeError(`there is no row ${row} of ${this.length}`);
    return { node, sure: this.sure(row), score: this.score(row) };
  }
}
