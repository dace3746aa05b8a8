import { AppError } from '@berth/contract/errors';
import type { FsType } from '@berth/contract/volume-request';

/** What a volume's device carries. */
export type VolumeContent =
  | { readonly kind: 'blank' }
  | { readonly kind: 'filesystem'; readonly type: string; readonly uuid: string }
  | { readonly kind: 'other'; readonly found: string };

export interface FormatFacts {
  readonly volume: string;
  readonly wanted: FsType;
  /** The UUID that our own mkfs gives to this very volume's file system. */
  readonly uuid: string;
  /** Carries the mark of a volume that was never mounted. */
  readonly isNew: boolean;
  readonly content: VolumeContent;
}

/** mount: ready. format: make the file system. verify: our own mkfs ran, perhaps not to its end. */
export type FormatStep = 'mount' | 'format' | 'verify';

/**
 * What to do before a volume is mounted. mkfs only on a volume that is marked new and is blank; a blank volume without the
 * mark, another type, or anything that is not our own work on a new volume is FailedPrecondition, never a reason to format
 * (traps 1, 3, 10, 11).
 */
export const decideFormat = ({ volume, wanted, uuid, isNew, content }: FormatFacts): FormatStep => {
  if (content.kind === 'other')
    throw refuse(`${volume} carries ${content.found} where a file system ${wanted} should be`);
  if (content.kind === 'blank') {
    if (isNew) return 'format';
    throw refuse(`${volume} had a file system and now reads as blank; it is not formatted again, look at its disk`);
  }
  if (content.type !== wanted) {
    throw refuse(`${volume} carries ${content.type}, ${wanted} is asked for; it is not formatted again`);
  }
  if (!isNew) return 'mount';
  if (content.uuid === uuid) return 'verify';
  throw refuse(`${volume} is new and yet carries a file system ${content.uuid} that is not ours; remove the volume`);
};

const refuse = (message: string): AppError => new AppError('FailedPrecondition', message);
