import { AppError } from '@berth/contract/errors';
import { isMedium, MEDIA, type Medium } from '@berth/contract/medium';
import { volumeGroupName } from '@berth/contract/names';

/** Volume groups of the operator's own that are handed over, by the medium they stand for. */
export type VolumeGroups = Readonly<Partial<Record<Medium, string>>>;

/** lvm(8), "Valid names". */
const NAME = /^[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,126}$/;

/** Groups from text such as `nvme=vg-fast,hdd=vg-slow`. Throws InvalidArgument with a sentence. */
export const parseVolumeGroups = (text: string): VolumeGroups => {
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parsePair);
  for (const [index, [medium, name]] of pairs.entries()) {
    const other = pairs.slice(0, index).find((pair) => pair[0] === medium || pair[1] === name);
    if (other !== undefined) {
      throw invalid(`${other.join('=')} and ${medium}=${name} exclude each other: write one group for a medium`);
    }
  }
  return Object.fromEntries(pairs);
};

const parsePair = (text: string): readonly [Medium, string] => {
  const [, medium = '', name = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (!isMedium(medium) || !NAME.test(name) || name === '.' || name === '..') {
    throw invalid(
      `"${text}" does not hand a volume group over; write medium=group with a medium of ${MEDIA.join(', ')}`,
    );
  }
  if (MEDIA.some((each) => volumeGroupName(each) === name)) {
    throw invalid(`${name} is a name for groups that Berth makes itself; rename the group (vgrename) to hand it over`);
  }
  return [medium, name];
};

const invalid = (sentence: string): AppError => new AppError('InvalidArgument', sentence);

/** Name of the group that new volumes of a medium are made in. */
export const groupNameOf = (medium: Medium, volumeGroups: VolumeGroups): string =>
  volumeGroups[medium] ?? volumeGroupName(medium);
