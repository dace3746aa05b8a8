import { AppError } from './errors.ts';
import { FEWEST_STRIPES, LAYOUTS, type Layout, MOST_STRIPES } from './layout.ts';
import { isMedium, MEDIA, type Medium } from './medium.ts';
import {
  PARAMETER_DISK_TYPE,
  PARAMETER_FS_TYPE,
  PARAMETER_LAYOUT,
  PARAMETER_MKFS_OPTIONS,
  PARAMETER_POLICY,
  PARAMETER_RACK_SPREAD,
  PARAMETER_RECOVERY,
  PARAMETER_STRIPES,
  PARAMETER_WIPE_POLICY,
} from './names.ts';
import { formatBytes } from './quantity.ts';

/** What a StorageClass of ours says, checked. */
export interface ClassParameters {
  readonly medium: Medium;
  readonly fsType: FsType;
  readonly policy: 'spread' | 'concentrated';
  readonly rackSpread: 'preferred' | 'required';
  readonly recovery: RecoveryPolicy;
  readonly wipePolicy: WipePolicy;
  readonly layout: Layout;
  /** Options for mkfs, not checked yet: by `parseMkfsOptions`, when the file system is known for certain. */
  readonly mkfsOptions: string;
}

/** When a stateful pod whose volume is on a lost node may start again with an empty one. */
export const RECOVERY_POLICIES = ['none', 'node-deleted', 'node-lost'] as const;
export type RecoveryPolicy = (typeof RECOVERY_POLICIES)[number];

/** What happens to the data of a volume before it is removed: nothing, a discard, or zeros over it. */
export const WIPE_POLICIES = ['none', 'discard', 'zero'] as const;
export type WipePolicy = (typeof WIPE_POLICIES)[number];

export const FS_TYPES = ['xfs', 'ext4'] as const;
export type FsType = (typeof FS_TYPES)[number];

/** Smallest volume in bytes on which the file system can be made: mkfs.xfs refuses less than 300 MiB. */
export const MINIMUM_BYTES: Readonly<Record<FsType, number>> = { xfs: 300 * 1024 ** 2, ext4: 16 * 1024 ** 2 };

const KNOWN = [
  PARAMETER_DISK_TYPE,
  PARAMETER_FS_TYPE,
  PARAMETER_POLICY,
  PARAMETER_RACK_SPREAD,
  PARAMETER_RECOVERY,
  PARAMETER_WIPE_POLICY,
  PARAMETER_LAYOUT,
  PARAMETER_STRIPES,
  PARAMETER_MKFS_OPTIONS,
];

/** Reads the parameters of a StorageClass. Throws InvalidArgument with a sentence for the person who wrote the class. */
export const parseClassParameters = (parameters: Readonly<Record<string, string>> = {}): ClassParameters => {
  const unknown = Object.keys(parameters).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) {
    throw new AppError(
      'InvalidArgument',
      `unknown StorageClass parameter ${unknown.join(', ')}; known are ${KNOWN.join(', ')}`,
    );
  }
  const medium = parameters[PARAMETER_DISK_TYPE];
  if (medium === undefined || !isMedium(medium)) {
    throw new AppError(
      'InvalidArgument',
      `StorageClass parameter ${PARAMETER_DISK_TYPE} is ${quote(medium)}; write one of ${MEDIA.join(', ')}`,
    );
  }
  return {
    medium,
    fsType: oneOf(parameters, PARAMETER_FS_TYPE, FS_TYPES),
    policy: oneOf(parameters, PARAMETER_POLICY, ['spread', 'concentrated']),
    rackSpread: oneOf(parameters, PARAMETER_RACK_SPREAD, ['preferred', 'required']),
    recovery: oneOf(parameters, PARAMETER_RECOVERY, RECOVERY_POLICIES),
    wipePolicy: oneOf(parameters, PARAMETER_WIPE_POLICY, WIPE_POLICIES),
    layout: parseLayout(parameters),
    mkfsOptions: parameters[PARAMETER_MKFS_OPTIONS] ?? '',
  };
};

const parseLayout = (parameters: Readonly<Record<string, string>>): Layout => {
  const type = oneOf(parameters, PARAMETER_LAYOUT, LAYOUTS);
  const stripes = parameters[PARAMETER_STRIPES];
  if (type !== 'striped') {
    if (stripes === undefined) return { type };
    throw new AppError(
      'InvalidArgument',
      `StorageClass parameter ${PARAMETER_STRIPES} is only for volumes that are striped; set ${PARAMETER_LAYOUT} to striped, or leave it out`,
    );
  }
  const count = stripes === undefined ? FEWEST_STRIPES : /^\d$/.test(stripes) ? Number(stripes) : Number.NaN;
  if (count >= FEWEST_STRIPES && count <= MOST_STRIPES) return { type, stripes: count };
  throw new AppError(
    'InvalidArgument',
    `StorageClass parameter ${PARAMETER_STRIPES} is ${quote(stripes)}; write a number from ${FEWEST_STRIPES} to ${MOST_STRIPES}`,
  );
};

/** Refuses a size the file system cannot be made on. Sizes in bytes; volumeMode Block has no minimum. */
export const checkSize = (bytes: number, fsType: FsType | undefined): void => {
  const minimum = fsType === undefined ? 1 : MINIMUM_BYTES[fsType];
  if (bytes < minimum) {
    throw new AppError(
      'InvalidArgument',
      `the claim asks for ${formatBytes(bytes)}, the smallest ${fsType ?? 'block'} volume is ${formatBytes(minimum)}`,
    );
  }
};

const oneOf = <T extends string>(
  parameters: Readonly<Record<string, string>>,
  key: string,
  choices: readonly [T, ...T[]],
): T => {
  const value = parameters[key];
  if (value === undefined) return choices[0];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new AppError(
      'InvalidArgument',
      `StorageClass parameter ${key} is ${quote(value)}; write one of ${choices.join(', ')}`,
    );
  }
  return found;
};

const quote = (value: string | undefined): string => (value === undefined ? 'missing' : `"${value.slice(0, 60)}"`);
