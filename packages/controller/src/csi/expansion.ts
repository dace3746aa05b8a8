import { AppError } from '@berth/contract/errors';
import { footprintOf, layoutOf } from '@berth/contract/layout';
import { formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { GroupState } from '@berth/placement/model';
import { shortageOf } from '../growth-shortage.ts';
import { growthRefusal } from '../logical-volume.ts';
import { checkLimit, type SizeRange } from './capacity-range.ts';

/** What is to be done for a call for a larger volume. */
export type ExpansionStep =
  /** It has as much already; bytes. */
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'wait' }
  /** Ask the agent for this size (a quantity). */
  | { readonly kind: 'resize'; readonly size: string }
  /** The node can't; ask the agent for no more than there is, so that no room is claimed for nothing. */
  | { readonly kind: 'refuse'; readonly size: string; readonly error: AppError };

/** The next step towards the size that a call asks for. Pure. Throws OutOfRange when no size is both allowed and possible. */
export const nextExpansion = (
  range: SizeRange,
  volume: LogicalVolume,
  group: GroupState | undefined,
): ExpansionStep => {
  const { name, deletionTimestamp } = volume.metadata;
  if (deletionTimestamp) throw new AppError('NotFound', `volume ${name} is being deleted`);
  if (volume.status?.size === undefined) throw new AppError('Aborted', `volume ${name} is not made yet; ask again`);
  const realBytes = parseQuantity(volume.status.size);
  const target = Math.max(range.least, realBytes);
  checkLimit(footprintOf(layoutOf(volume.spec), target, group?.extentSize ?? 1).sizeBytes, range);
  if (realBytes >= range.least) return { kind: 'done', bytes: realBytes };
  const asked = parseQuantity(volume.spec.size);
  const refusal =
    asked === target ? growthRefusal(volume) : shortageOf({ logicalVolume: volume, group, realBytes, target });
  if (refusal !== undefined) {
    return { kind: 'refuse', size: formatQuantity(realBytes), error: new AppError('OutOfRange', refusal) };
  }
  return asked === target ? { kind: 'wait' } : { kind: 'resize', size: formatQuantity(target) };
};
