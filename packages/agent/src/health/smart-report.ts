import type { DiskHealth } from '@berth/contract/resources/node-storage';
import * as z from 'zod';

const count = z.int().min(0).optional().catch(undefined);

/** What we read of the JSON of smartctl 7; everything is absent from some disks. */
const reportSchema = z.object({
  smartctl: z.object({
    exit_status: z.int(),
    messages: z.array(z.object({ string: z.string() })).default([]),
  }),
  smart_status: z.object({ passed: z.boolean() }).optional().catch(undefined),
  nvme_smart_health_information_log: z
    .object({ critical_warning: z.int(), percentage_used: count, media_errors: count })
    .optional()
    .catch(undefined),
  ata_smart_attributes: z
    .object({ table: z.array(z.object({ id: z.int(), raw: z.object({ value: count }) })) })
    .optional()
    .catch(undefined),
  scsi_grown_defect_list: count,
});

/** What a disk says of itself. */
export type SmartReading = Omit<DiskHealth, 'state' | 'ioErrorsAt'>;

type Report = z.infer<typeof reportSchema>;

/** Bits of an NVMe disk's critical warning (NVM Express base specification, log page 02h) that say it is failing: not that of the temperature. */
const NVME_WARNINGS: readonly (readonly [bit: number, sentence: string])[] = [
  [0x01, 'its spare space is used up'],
  [0x04, 'its reliability is degraded'],
  [0x08, 'it has become read-only'],
  [0x10, 'its cache is no longer safe from a power cut'],
];

/** Attributes that ATA disks of all vendors use alike. */
const REALLOCATED_SECTORS = 5;
const PENDING_SECTORS = 197;

/** smartctl(8): with --nocheck a disk that sleeps is left alone, and the only trace is this message. */
const ASLEEP = /Device is in .* mode, exit/;

/** The reading from the JSON of `smartctl`; undefined when the disk sleeps and was left alone. Pure. */
export const parseSmartReport = (text: string): SmartReading | undefined => {
  const parsed = reportSchema.safeParse(readJson(text));
  if (!parsed.success) return { smart: 'Unknown', reason: "smartctl's report can't be read" };
  const { smartctl, smart_status: status } = parsed.data;
  if (status === undefined && smartctl.messages.some(({ string }) => ASLEEP.test(string))) return undefined;
  return { ...judge(parsed.data), ...numbersOf(parsed.data) };
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const judge = ({ smartctl, smart_status: status, ...report }: Report): SmartReading => {
  const warning = report.nvme_smart_health_information_log?.critical_warning;
  if (warning !== undefined) {
    const sentences = NVME_WARNINGS.filter(([bit]) => (warning & bit) !== 0).map(([, sentence]) => sentence);
    return sentences.length === 0 ? { smart: 'Passed' } : { smart: 'Failed', reason: sentences.join(', ') };
  }
  if (status !== undefined) {
    return status.passed ? { smart: 'Passed' } : { smart: 'Failed', reason: 'it expects to fail soon (SMART)' };
  }
  const told = smartctl.messages.map(({ string }) => string).join('; ');
  return { smart: 'Unknown', reason: `smartctl: ${told || `no health is told, exit code ${smartctl.exit_status}`}` };
};

const numbersOf = (report: Report): Partial<SmartReading> => {
  const { nvme_smart_health_information_log: nvme, ata_smart_attributes: ata } = report;
  const attribute = (id: number) => ata?.table.find((each) => each.id === id)?.raw.value;
  const numbers = {
    reallocatedSectors: attribute(REALLOCATED_SECTORS) ?? report.scsi_grown_defect_list,
    pendingSectors: attribute(PENDING_SECTORS),
    mediaErrors: nvme?.media_errors,
    percentageUsed: nvme?.percentage_used,
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
};
