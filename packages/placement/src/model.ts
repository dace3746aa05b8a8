import type { Footprint, Layout } from '@berth/contract/layout';
import type { Medium } from '@berth/contract/medium';

/** What report and objects say of a volume group. All amounts are bytes. */
export interface GroupAmounts {
  readonly size: number;
  /** Unused extents as the agent last saw them on disk. */
  readonly free: number;
  /** Used by volumes that are not ours. */
  readonly foreign: number;
  /** Kept free on purpose. */
  readonly reserve: number;
  /** What our LogicalVolume objects take, each with its copies in whole extents, whether on disk yet or not. */
  readonly ours: number;
}

/**
 * One medium's volume group on one node. All amounts are bytes. What is worked out from others is worked out once: a pod may be weighed
 * against thousands of nodes, and that takes as long as it takes to fetch this from memory.
 */
export interface GroupState {
  readonly medium: Medium;
  readonly extentSize: number;
  readonly size: number;
  /** What volumes may take of the size. */
  readonly usable: number;
  /** What nothing takes of that, before holds. */
  readonly unused: number;
  /** Unused extents of each disk as the agent last saw them; undefined when its agent does not say. */
  readonly diskFree?: readonly number[] | undefined;
  /**
   * What our LogicalVolume objects take and the report does not show yet: onto which disks is not known. What may lie on any is one.
   * Undefined when there is nothing.
   */
  readonly coming?: readonly Footprint[] | undefined;
  /** Share of the time in which its busiest disk has work, 0..1; undefined when nobody measures it. */
  readonly busy?: number | undefined;
  /** Why the group takes no new volumes, as a sentence; undefined when it does. */
  readonly problem?: string | undefined;
}

/** What placement knows of a node. */
export interface NodeState {
  readonly name: string;
  /** Undefined when no label says; all such nodes count as one rack. */
  readonly rack: string | undefined;
  /** The machine underneath; the node's own name unless several nodes share one. */
  readonly host: string;
  readonly groups: Readonly<Partial<Record<Medium, GroupState>>>;
  /** Why nothing new may be placed here, as a sentence; undefined when all is well. */
  readonly out: string | undefined;
  /** The node's agent has never reported. */
  readonly unreported?: boolean;
}

/** One claim that needs a new volume. */
export interface Demand {
  /** `namespace/name`, for people. */
  readonly claimKey: string;
  readonly claimUid: string;
  readonly medium: Medium;
  /** Size asked for in bytes, not rounded: rounding depends on the node's group. */
  readonly bytes: number;
  readonly layout: Layout;
  readonly policy: 'spread' | 'concentrated';
  readonly rackSpread: 'preferred' | 'required';
}

/** A volume that exists already and ties the pod to its node. */
export interface Pin {
  readonly claimKey: string;
  readonly node: string;
}

/** What speaks against a node, for counting. */
export type ObjectionKind = 'room' | 'no-group' | 'group-problem' | 'node-out' | 'unreported' | 'pinned' | 'rack';

/** One reason against a node. */
export interface Objection {
  readonly kind: ObjectionKind;
  /** A short sentence with numbers. */
  readonly text: string;
}

/** One member of an application cluster and the node its data is on, or is about to be. */
export interface Member {
  /** Same for all volumes of one pod, so that a pod with two volumes counts once. */
  readonly member: string;
  readonly node: string;
}

/** Room kept on a node for a claim between the decision and the LogicalVolume. */
export interface Hold {
  readonly claimKey: string;
  readonly claimUid: string;
  readonly podUid: string | undefined;
  readonly node: string;
  readonly medium: Medium;
  /** Size asked for in bytes, not rounded. */
  readonly bytes: number;
  readonly layout: Layout;
  /** All nodes the scheduler may still choose; contains `node`. */
  readonly candidates: readonly string[];
  /** The application cluster and role, when the pod has one. */
  readonly application: string | undefined;
  readonly member: string;
}
