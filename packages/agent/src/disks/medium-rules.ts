import { AppError } from '@berth/contract/errors';
import { isMedium, MEDIA, type Medium } from '@berth/contract/medium';
import { parseQuantity } from '@berth/contract/quantity';
import type { BlockDevice } from './block-device.ts';

export type Labels = Readonly<Record<string, string>>;

/** An operator's word on the medium of some disks. */
export interface MediumRule {
  readonly text: string;
  readonly medium: Medium;
  /** Whether it asks for labels of the node. */
  readonly usesLabels: boolean;
  /** `labels` are those of the disk's node. */
  readonly matches: (device: BlockDevice, labels: Labels) => boolean;
}

type Test = MediumRule['matches'];

/** What a field's value means; undefined when it means nothing. */
const FIELDS: Readonly<Record<string, (value: string) => Test | undefined>> = {
  vendor: (value) => textTest(value, (device) => [device.vendor]),
  model: (value) => textTest(value, (device) => [device.model]),
  serial: (value) => textTest(value, (device) => [device.serial]),
  slot: (value) => textTest(value, (device) => device.links.map((link) => link.replace('/dev/disk/by-path/', ''))),
  path: (value) => textTest(value, (device) => [device.path, ...device.links]),
  size: (value) => sizeTest(value),
  label: (value) => labelTest(value),
};

/**
 * Rules from text such as `model:PERC*&size:>=2Ti=hdd,slot:pci-0000:00:10.0=ssd`: a rule's conditions must all hold, and the first
 * rule that matches counts. Text must match wholly, `*` standing for any. Throws InvalidArgument with a sentence.
 */
export const parseMediumRules = (text: string): MediumRule[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRule);

const parseRule = (text: string): MediumRule => {
  const [, left = '', medium = ''] = /^(.+)=(\w+)$/.exec(text) ?? [];
  const tests = left.split('&').map(parseCondition);
  const known = tests.filter((test) => test !== undefined);
  if (known.length < tests.length || !isMedium(medium)) {
    throw new AppError(
      'InvalidArgument',
      `"${text}" is not a rule for a medium; write field:value=medium, or several field:value with & between, with a field of ${Object.keys(FIELDS).join(', ')} (a size as >=2Ti, a label as key=value) and a medium of ${MEDIA.join(', ')}`,
    );
  }
  const usesLabels = left.split('&').some((condition) => condition.startsWith('label:'));
  return { text, medium, usesLabels, matches: (device, labels) => known.every((test) => test(device, labels)) };
};

const parseCondition = (text: string): Test | undefined => {
  const [, field = '', value = ''] = /^(\w+):(.+)$/.exec(text.trim()) ?? [];
  return Object.hasOwn(FIELDS, field) ? FIELDS[field]?.(value) : undefined;
};

const textTest = (pattern: string, read: (device: BlockDevice) => readonly (string | undefined)[]): Test => {
  const parts = pattern.split('*').map((part) => RegExp.escape(part));
  const whole = new RegExp(`^${parts.join('.*')}$`);
  return (device) => read(device).some((text) => text !== undefined && whole.test(text));
};

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
};

/** Only comparisons: disks sold with the same size differ in it. */
const sizeTest = (text: string): Test | undefined => {
  const [, sign = '', amount = ''] = /^([<>]=?)(.+)$/.exec(text) ?? [];
  const compare = COMPARISONS[sign];
  if (compare === undefined) return undefined;
  const bytes = parseQuantity(amount);
  return ({ sizeBytes }) => compare(sizeBytes, bytes);
};

const labelTest = (text: string): Test => {
  const [key = '', ...value] = text.split('=');
  return (_, labels) => Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='));
};
