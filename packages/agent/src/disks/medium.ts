import type { Medium } from '@berth/contract/medium';
import type { BlockDevice } from './block-device.ts';
import type { Labels, MediumRule } from './medium-rules.ts';

export type MediumDecision =
  | { readonly medium: Medium; readonly decidedBy: string }
  | { readonly medium?: never; readonly reason: string };

/** Above this, SCSI's medium rotation rate is revolutions per minute (SBC-4, page B1h). */
const LOWEST_RPM = 0x401;

/** Hypervisors and RAID controllers answer for disks they hide; what they say about rotation is made up (vendor or model). */
const SPEAKS_FOR_OTHERS =
  /^(qemu|vmware|msft|virtual|xen|virtuozzo|google|red ?hat|0x1af4|avago|broadcom|lsi|megaraid|perc|adaptec|areca|logical volume|raid|mr\d)/i;

/**
 * What a disk is made of: an operator's rule first, then NVMe transport, then what the disk itself says of its rotation, then the
 * kernel's rotational flag unless it is that of a hypervisor or RAID controller; those are refused with a sentence.
 */
export const decideMedium = (
  device: BlockDevice,
  rules: readonly MediumRule[] = [],
  labels: Labels = {},
): MediumDecision => {
  const rule = rules.find((each) => each.matches(device, labels));
  if (rule !== undefined) return { medium: rule.medium, decidedBy: `rule ${rule.text}` };
  if (device.transport === 'nvme') return { medium: 'nvme', decidedBy: 'NVMe transport' };
  const rate = device.rotationRate ?? 0;
  if (rate === 1) return { medium: 'ssd', decidedBy: 'rotation rate: does not rotate' };
  if (rate >= LOWEST_RPM) return { medium: 'hdd', decidedBy: `rotation rate: ${rate} rpm` };
  const speaker = speakerOf(device);
  if (speaker !== undefined) {
    return {
      reason: `${speaker} does not say truthfully what the disk is made of; name its medium in the agent's setting mediumRules`,
    };
  }
  return { medium: device.rotational ? 'hdd' : 'ssd', decidedBy: `rotational flag ${device.rotational ? 1 : 0}` };
};

const speakerOf = (device: BlockDevice): string | undefined => {
  if (device.transport === 'virtio' || /^(vd|xvd)/.test(device.name)) return `the virtual device ${device.name}`;
  const names = [device.vendor, device.model].filter((name) => name !== undefined);
  return names.some((name) => SPEAKS_FOR_OTHERS.test(name)) ? `the device "${names.join(' ')}"` : undefined;
};
