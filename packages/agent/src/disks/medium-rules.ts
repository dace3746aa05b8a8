import { AppError } from '@berth/contract/errors';
import { isMedium, MEDIA, type Medium } from '@berth/contract/medium';
import type { BlockDevice } from './block-device.ts';

/** An operator's word on the medium of some disks. */
export interface MediumRule {
  readonly text: string;
  readonly medium: Medium;
  readonly matches: (device: BlockDevice) => boolean;
}

const FIELDS: Readonly<Record<string, (device: BlockDevice) => readonly (string | undefined)[]>> = {
  vendor: (device) => [device.vendor],
  model: (device) => [device.model],
  serial: (device) => [device.serial],
  slot: (device) => device.links.map((link) => link.replace('/dev/disk/by-path/', '')),
};

/**
 * Rules from text such as `model:PERC H730=hdd,slot:pci-0000:00:10.0=ssd`; a field must match wholly, the first rule that
 * matches counts. Throws InvalidArgument with a sentence.
 */
export const parseMediumRules = (text: string): MediumRule[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRule);

const parseRule = (text: string): MediumRule => {
  const [, field = '', value = '', medium = ''] = /^(\w+):(.+)=(\w+)$/.exec(text) ?? [];
  const read = FIELDS[field];
  if (read === undefined || !isMedium(medium)) {
    throw new AppError(
      'InvalidArgument',
      `"${text}" is not a rule for a medium; write field:value=medium with a field of ${Object.keys(FIELDS).join(', ')} and a medium of ${MEDIA.join(', ')}`,
    );
  }
  return { text, medium, matches: (device) => read(device).includes(value) };
};
