import { AppError } from '@berth/contract/errors';
import * as z from 'zod';
import type { BlockDevice } from './block-device.ts';
import type { Controller } from './controller.ts';

/** The columns are named one by one: what lsblk prints by default changes between versions. */
export const LSBLK = [
  'lsblk',
  '--json',
  '--bytes',
  '--output',
  'KNAME,PATH,MAJ:MIN,TYPE,SIZE,LOG-SEC,ROTA,RO,RM,TRAN,VENDOR,MODEL,SERIAL,WWN,FSTYPE,PTTYPE,MOUNTPOINT',
] as const;

/** Kernel names of devices that are never looked at: made of files, network, memory or other devices. */
const NOT_LOOKED_AT = /^(loop|rbd|drbd|nbd|zram|ram|dm-|md|sr|fd|bcache)/;
export const isLookedAt = (kernelName: string): boolean => !NOT_LOOKED_AT.test(kernelName);

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
/** Older versions print "0" and "1". */
const flag = z.union([z.boolean(), z.enum(['0', '1']).transform((value) => value === '1')]);

interface Row extends z.infer<typeof rowSchema> {
  children?: Row[] | undefined;
}
const rowSchema = z.object({
  kname: z.string(),
  path: z.string(),
  'maj:min': z.string().transform((value) => value.trim()),
  type: z.string(),
  size: z.coerce.number(),
  'log-sec': z.coerce.number(),
  rota: flag,
  ro: flag,
  rm: flag,
  tran: text,
  vendor: text,
  model: text,
  serial: text,
  wwn: text,
  fstype: text,
  pttype: text,
  mountpoint: text,
});
const treeSchema: z.ZodType<Row> = rowSchema.extend({ children: z.lazy(() => z.array(treeSchema)).optional() });
const outputSchema = z.object({ blockdevices: z.array(treeSchema) });

/** What only sysfs and udev know, by kernel name. */
export interface Extras {
  readonly links: ReadonlyMap<string, readonly string[]>;
  readonly rotationRates: ReadonlyMap<string, number>;
  readonly controllers: ReadonlyMap<string, Controller>;
  /** By number, what udev had dealt with before lsblk looked; undefined where there is no udev. */
  readonly settled: ReadonlySet<string> | undefined;
}

/** Top-level devices of lsblk's JSON that can be disks. Throws Internal when it isn't lsblk's JSON. */
export const parseLsblk = (output: string, extras: Extras): BlockDevice[] => {
  const parsed = outputSchema.safeParse(readJson(output));
  if (!parsed.success) throw new AppError('Internal', "lsblk's output can't be read", { cause: parsed.error });
  return parsed.data.blockdevices.filter((row) => isLookedAt(row.kname)).map((row) => toDevice(row, extras));
};

const readJson = (output: string): unknown => {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
};

const toDevice = (row: Row, extras: Extras): BlockDevice => {
  const rotationRate = extras.rotationRates.get(row.kname);
  const controller = extras.controllers.get(row.kname);
  return {
    name: row.kname,
    path: row.path,
    device: row['maj:min'],
    type: row.type,
    sizeBytes: row.size,
    sectorBytes: row['log-sec'],
    rotational: row.rota,
    readOnly: row.ro,
    pending: extras.settled?.has(row['maj:min']) === false,
    removable: row.rm,
    ...optional({
      transport: row.tran,
      vendor: row.vendor,
      model: row.model,
      serial: row.serial,
      wwn: row.wwn,
      fileSystem: row.fstype,
      partitionTable: row.pttype,
    }),
    ...(rotationRate !== undefined && { rotationRate }),
    ...(controller !== undefined && { controller }),
    mountPoints: descendants(row).flatMap(({ mountpoint }) => (mountpoint === undefined ? [] : [mountpoint])),
    children: (row.children ?? []).map((child) => ({ name: child.kname, type: child.type })),
    links: extras.links.get(row.kname) ?? [],
  };
};

const descendants = (row: Row): Row[] => [row, ...(row.children ?? []).flatMap(descendants)];

const optional = <K extends string>(fields: Record<K, string | undefined>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Record<K, string>>;
