import type { DiskIdentity } from '@berth/contract/resources/node-storage';
import type { BlockDevice } from './block-device.ts';

/** A disk with the identity that tells it from all others of the node, and the link to find it by. */
export interface IdentifiedDisk {
  readonly device: BlockDevice;
  readonly identity: DiskIdentity;
  /** Link below /dev/disk that belongs to the identity; undefined when there is none. */
  readonly link: string | undefined;
  /** Link below /dev/disk/by-path: the slot. */
  readonly slot: string | undefined;
}

interface Candidate extends DiskIdentity {
  readonly link: string;
}

/**
 * Finds for each disk the most durable identity that no other disk of the node has: its World Wide Name, model with
 * serial number, or slot. Blank, placeholder and duplicate values are passed over (trap 51).
 */
export const identifyDisks = (devices: readonly BlockDevice[]): IdentifiedDisk[] => {
  const candidates = devices.map(candidatesOf);
  const counts = new Map<string, number>();
  for (const { value } of candidates.flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
  return devices.map((device, index) => {
    const best = candidates[index]?.find(({ value }) => counts.get(value) === 1);
    return {
      device,
      identity: best === undefined ? { value: '', tier: 'none' } : { value: best.value, tier: best.tier },
      link: best?.link,
      slot: slotOf(device),
    };
  });
};

const candidatesOf = (device: BlockDevice): Candidate[] => {
  const byId = device.links.filter((link) => link.startsWith('/dev/disk/by-id/'));
  const wwnLink = byId.find((link) => /\/(wwn-|nvme-(eui|nguid|uuid|nvme)\.)/.test(link));
  const serialLink = byId.find((link) => !/\/(wwn-|lvm-pv-uuid-|nvme-(eui|nguid|uuid|nvme)\.)/.test(link));
  const slot = slotOf(device);
  const { wwn, serial, model = '' } = device;
  return [
    ...(isMeaningful(wwn) && wwnLink !== undefined ? [{ tier: 'wwn', value: wwn, link: wwnLink } as const] : []),
    ...(isMeaningful(serial) && serialLink !== undefined
      ? [{ tier: 'serial', value: `${model} ${serial}`.trim().replaceAll(/\s+/g, '_'), link: serialLink } as const]
      : []),
    ...(slot === undefined ? [] : [{ tier: 'slot', value: basename(slot), link: slot } as const]),
  ];
};

/** The shortest by-path link: udev also makes ones for namespaces and old names. */
const slotOf = (device: BlockDevice): string | undefined =>
  device.links
    .filter((link) => link.startsWith('/dev/disk/by-path/'))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];

/** Firmware fills empty fields with zeros, one repeated letter, or words. */
const isMeaningful = (value: string | undefined): value is string => {
  if (value === undefined) return false;
  const digits = value
    .toLowerCase()
    .replace(/^(0x|naa\.|eui\.|uuid\.)/, '')
    .replaceAll(/[\s._-]/g, '');
  return digits !== '' && !/^(.)\1*$/.test(digits) && !/^(na|none|null|unknown|default|tobefilledbyoem)$/.test(digits);
};

const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
