import { describe, expect, it } from 'vitest';
import { parseSmartReport } from './smart-report.ts';

const parse = (report: object, smartctl: object = { exit_status: 0 }) =>
  parseSmartReport(JSON.stringify({ smartctl, ...report }));
const nvme = (warning: number) => ({
  smart_status: { passed: warning === 0 },
  nvme_smart_health_information_log: { critical_warning: warning, percentage_used: 3, media_errors: 7 },
});
const attribute = (id: number, value: unknown) => ({ id, raw: { value, string: String(value) } });

describe('what smartctl prints', () => {
  it('tells that an NVMe disk is well, how worn it is, and its errors', () => {
    expect(parse(nvme(0))).toEqual({ smart: 'Passed', percentageUsed: 3, mediaErrors: 7 });
  });

  it.each([
    [0x01, 'its spare space is used up'],
    [0x04, 'its reliability is degraded'],
    [0x08, 'it has become read-only'],
    [0x10, 'its cache is no longer safe from a power cut'],
    [0x0c, 'its reliability is degraded, it has become read-only'],
  ])('tells from the critical warning %i of an NVMe disk that it fails', (warning, reason) => {
    expect(parse(nvme(warning))).toMatchObject({ smart: 'Failed', reason });
  });

  it('does not take a warm NVMe disk for a failing one, although smartctl does', () => {
    expect(parse(nvme(0x02))).toMatchObject({ smart: 'Passed' });
    expect(parse(nvme(0x06))).toMatchObject({ smart: 'Failed', reason: 'its reliability is degraded' });
  });

  it('tells the sectors of an ATA disk, and its own verdict', () => {
    const table = [attribute(1, 200), attribute(5, 8), attribute(197, 2), attribute(9, 'odd')];
    const report = { ata_smart_attributes: { table } };
    const sectors = { reallocatedSectors: 8, pendingSectors: 2 };
    expect(parse({ ...report, smart_status: { passed: true } })).toEqual({ smart: 'Passed', ...sectors });
    expect(parse({ ...report, smart_status: { passed: false } }, { exit_status: 8 })).toEqual({
      ...{ smart: 'Failed', reason: 'it expects to fail soon (SMART)' },
      ...sectors,
    });
  });

  it('tells the grown defects of a SCSI disk', () => {
    expect(parse({ smart_status: { passed: true }, scsi_grown_defect_list: 4 })).toEqual({
      ...{ smart: 'Passed', reallocatedSectors: 4 },
    });
  });

  it.each([
    'Device is in STANDBY mode, exit(2)',
    'Device is in STANDBY BY COMMAND mode, exit(2)',
    '/dev/sda: Device is in STANDBY (OS) mode, exit(2)',
  ])('tells nothing of a disk that sleeps and was left alone: %s', (string) => {
    const messages = [{ string, severity: 'information' }];
    expect(parse({}, { exit_status: 2, messages })).toBeUndefined();
  });

  it('is unknown where a disk can not be asked, with what smartctl says', () => {
    const messages = [{ string: '/dev/vda: Unable to detect device type', severity: 'error' }];
    const reason = 'smartctl: /dev/vda: Unable to detect device type';
    expect(parse({}, { exit_status: 1, messages })).toEqual({ smart: 'Unknown', reason });
    expect(parse({})).toEqual({ smart: 'Unknown', reason: 'smartctl: no health is told, exit code 0' });
  });

  it.each(['', 'smartctl 6.5', '{"smartctl": 1}'])('is unknown when it is "%s"', (text) => {
    expect(parseSmartReport(text)).toEqual({ smart: 'Unknown', reason: "smartctl's report can't be read" });
  });
});
