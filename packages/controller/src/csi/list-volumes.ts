import { AppError } from '@berth/contract/errors';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { ListVolumesRequest, Volume } from './messages.ts';
import { toVolume } from './volume-message.ts';

export interface VolumePage {
  readonly entries: readonly { readonly volume: Volume }[];
  /** Empty: there are no more. */
  readonly nextToken: string;
}

/** A token says after which name a page begins, so that volumes made and deleted between pages move no others. */
const TOKEN = /^after:([a-z0-9][a-z0-9.-]*)$/;

/**
 * A page of the volumes that are on disk, by name, whoever made them. Pure. Throws InvalidArgument for a negative length,
 * Aborted for a token that is none of ours, as the specification asks.
 */
export const listVolumes = (
  all: readonly LogicalVolume[],
  { maxEntries, startingToken }: ListVolumesRequest,
): VolumePage => {
  if (maxEntries < 0) throw new AppError('InvalidArgument', `max_entries is ${maxEntries}; it is zero or more`);
  const after = startingToken === '' ? '' : TOKEN.exec(startingToken)?.[1];
  if (after === undefined) {
    throw new AppError('Aborted', 'starting_token is not one that this service has given; start without');
  }
  const rest = all.filter((volume) => isThere(volume) && volume.metadata.name > after).sort(byName);
  const page = maxEntries === 0 ? rest : rest.slice(0, maxEntries);
  const last = page.at(-1);
  return {
    entries: page.map((volume) => ({ volume: toVolume(volume) })),
    nextToken: last === undefined || page.length === rest.length ? '' : `after:${last.metadata.name}`,
  };
};

const isThere = ({ metadata, status }: LogicalVolume): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase === 'Ready';

const byName = (a: LogicalVolume, b: LogicalVolume): number => (a.metadata.name < b.metadata.name ? -1 : 1);
