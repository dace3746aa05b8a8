import { AppError } from './errors.ts';
import { PARAMETER_MKFS_OPTIONS } from './names.ts';
import type { FsType } from './volume-request.ts';

/** Longest text of options, in characters. */
export const MOST_MKFS_CHARACTERS = 512;

interface Options {
  /** Letters of options with a value, which is the next word or the rest of their own. */
  readonly valued: string;
  /** Letters of options without one. */
  readonly plain: string;
  /** Suboptions, behind the letter of their option, that say what only we may: which device, how much of it, which UUID. */
  readonly ours: RegExp;
}

/**
 * From mkfs.xfs(8) and mke2fs(8). Not among them is what forces, plays only or prints, reads files, names other devices, or gives
 * the same UUID or label to all volumes of a class.
 */
const OPTIONS: Readonly<Record<FsType, Options>> = {
  xfs: { valued: 'bdilmns', plain: 'K', ours: /^(. (uuid|logdev|rtdev|name|file)|d size)$/i },
  ext4: { valued: 'bCEeGgIiJmNOT', plain: 'D', ours: /^. \^?(uuid|device|offset|journal_dev)$/i },
};

const WORD = /^[A-Za-z0-9=,.:_^-]+$/;

/**
 * The words that mkfs is given beside our own, split at white space; none for an empty text. Throws InvalidArgument with a sentence
 * for the author of the class.
 */
export const parseMkfsOptions = (fsType: FsType, text: string): readonly string[] => {
  if (text.length > MOST_MKFS_CHARACTERS) throw refuse(`the text is longer than ${MOST_MKFS_CHARACTERS} characters`);
  const words = text.split(/\s+/).filter((word) => word !== '');
  const odd = words.find((word) => !WORD.test(word));
  if (odd !== undefined) throw refuse(`"${odd.slice(0, 60)}" has characters other than letters, digits and -=,.:_^`);
  for (let at = 0; at < words.length; ) at += checkOption(fsType, words[at] ?? '', words[at + 1]);
  return words;
};

/** Checks the option that begins with a word; how many words it has. */
const checkOption = (fsType: FsType, word: string, next: string | undefined): 1 | 2 => {
  const { valued, plain } = OPTIONS[fsType];
  const [dash, letter = '', rest] = [word.slice(0, 1), word.slice(1, 2), word.slice(2)];
  if (dash !== '-') throw refuse(`"${word}" belongs to no option; the device and its size are not written here`);
  if (letter !== '' && plain.includes(letter) && rest === '') return 1;
  if (letter === '' || !valued.includes(letter)) {
    const known = [...valued, ...plain].map((each) => `-${each}`).join(' ');
    throw refuse(`"${word}" is not possible for ${fsType}; possible are ${known}`);
  }
  const value = rest === '' ? next : rest;
  if (value === undefined || value.startsWith('-')) throw refuse(`"${word}" needs a value behind it`);
  checkValue(fsType, letter, value);
  return rest === '' ? 2 : 1;
};

const checkValue = (fsType: FsType, letter: string, value: string): void => {
  const names = value.split(',').map((suboption) => suboption.split('=')[0] ?? '');
  const bad = names.find((name) => OPTIONS[fsType].ours.test(`${letter} ${name}`));
  if (bad !== undefined) throw refuse(`"${bad}" of -${letter} is not for a class to say; leave it out`);
};

const refuse = (sentence: string): AppError =>
  new AppError('InvalidArgument', `${PARAMETER_MKFS_OPTIONS}: ${sentence}`);
