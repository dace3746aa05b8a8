import type { Medium } from '@berth/contract/medium';
import type { BlockDevice } from './block-device.ts';
import { isRaid } from './controller.ts';
import type { Labels, MediumRule } from './medium-rules.ts';

export type MediumDecision =
  | { readonly medium: Medium; readonly decidedBy: string }
  | { readonly medium?: never; readonly reason: string };

/** Above this, SCSI's medium rotation rate is revolutions per minute (SBC-4, page B1h). */
const LOWEST_RPM = 0x401;

/** Vendors and models of hypervisors' disks: their rotational flag is made up. */
const HYPERVISOR = /^(qemu|vmware|msft|virtual|xen|virtuozzo|google|red ?hat|0x1af4)/i;

/** Those of volumes that a RAID controller makes of disks it hides. */
const RAID_VOLUME = /^(avago|broadcom|lsi|megaraid|perc|adaptec|areca|logical volume|raid|mr\d)/i;

/**
 * What a disk is made of: an operator's rule first, then NVMe transport, then what the disk itself says of its rotation, then the
 * kernel's rotational flag. What is behind a RAID controller takes a rule, and so does a hypervisor's disk that does not say its
 * rotation: those are refused with a sentence.
 */
export const decideMedium = (
  device: BlockDevice,
  rules: readonly MediumRule[] = [],
  labels: Labels = {},
): MediumDecision => {
  const rule = rules.find((each) => each.matches(device, labels));
  if (rule !== undefined) return { medium: rule.medium, decidedBy: `rule ${rule.text}` };
  if (device.transport === 'nvme') return { medium: 'nvme', decidedBy: 'NVMe transport' };
  const raid = raidOf(device);
  if (raid !== undefined) return { reason: `${raid} ${ASK_FOR_RULE}` };
  const rate = device.rotationRate ?? 0;
  if (rate === 1) return { medium: 'ssd', decidedBy: 'rotation rate: does not rotate' };
  if (rate >= LOWEST_RPM) return { medium: 'hdd', decidedBy: `rotation rate: ${rate} rpm` };
  const hypervisor = hypervisorOf(device);
  if (hypervisor !== undefined) return { reason: `${hypervisor} ${ASK_FOR_RULE}` };
  return { medium: device.rotational ? 'hdd' : 'ssd', decidedBy: `rotational flag ${device.rotational ? 1 : 0}` };
};

const ASK_FOR_RULE =
  "does not say truthfully what the disk is made of; name its medium in the agent's setting mediumRules";

const raidOf = (device: BlockDevice): string | undefined => {
  const { controller = {} } = device;
  if (!isRaid(controller)) return isNamedLike(RAID_VOLUME, device) ? describeNames(device) : undefined;
  const facts = [
    controller.driver && `driver ${controller.driver}`,
    controller.pciClass && `PCI class ${controller.pciClass}`,
  ];
  return `its RAID controller (${facts.filter(Boolean).join(', ')})`;
};

const hypervisorOf = (device: BlockDevice): string | undefined => {
  if (device.transport === 'virtio' || /^(vd|xvd)/.test(device.name)) return `the virtual device ${device.name}`;
  return isNamedLike(HYPERVISOR, device) ? describeNames(device) : undefined;
};

const isNamedLike = (pattern: RegExp, { vendor = '', model = '' }: BlockDevice): boolean =>
  pattern.test(vendor) || pattern.test(model);

const describeNames = ({ vendor, model }: BlockDevice): string =>
  `the device "${[vendor, model].filter((name) => name !== undefined).join(' ')}"`;
