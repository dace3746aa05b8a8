import { describe, expect, it } from 'vitest';
import { lvmError } from './lvm-error.ts';
import { physicalVolumeUuids } from './physical-volume-uuid.ts';
import { parseReport } from './report.ts';

/** As LVM2 2.03.16 writes it. */
const REPORT = `  {
      "report": [
          {
              "vg": [
                  {"vg_name":"csi-vg-nvme", "vg_uuid":"tccimH-jxAZ-pl4X-RlfI-N0VD-ahP3-kRYP8A", "vg_tags":"a,csi.storage.io", "vg_attr":"wz-pn-", "vg_extent_size":"4194304", "vg_extent_count":"49", "vg_free_count":"39"}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/nvme0n1", "pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pv_missing":"", "dev_size":"209715200", "pe_start":"1048576", "pv_pe_count":"40", "pv_pe_alloc_count":"10"},
                  {"pv_name":"[unknown]", "pv_uuid":"missing-one", "pv_missing":"missing", "dev_size":"0", "pe_start":"1048576", "pv_pe_count":"9", "pv_pe_alloc_count":"0"}
              ]
              ,
              "lv": [
                  {"lv_name":"pvc-1", "lv_uuid":"bFi5XJ", "lv_size":"41943040", "lv_tags":"csi.storage.io,csi.storage.io/new", "lv_active":"", "lv_kernel_major":"-1", "lv_kernel_minor":"-1", "lv_health_status":"partial", "lv_layout":"linear", "sync_percent":""},
                  {"lv_name":"pool", "lv_uuid":"Jx2mTd", "lv_size":"4194304", "lv_tags":"", "lv_active":"", "lv_kernel_major":"-1", "lv_kernel_minor":"-1", "lv_health_status":"", "lv_layout":"thin,pool", "sync_percent":""}
              ]
              ,
              "pvseg": [
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"6", "lv_name":"pvc-1", "lv_parent":""},
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"30", "lv_name":"", "lv_parent":""},
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"4", "lv_name":"pvc-1", "lv_parent":""},
                  {"pv_uuid":"missing-one", "pvseg_size":"9", "lv_name":"", "lv_parent":""}
              ]
          }
          ,
          {
              "pv": [
                  {"pv_name":"/dev/nvme1n1", "pv_uuid":"abcdef", "pv_missing":"", "dev_size":"1073741824", "pe_start":"1048576", "pv_pe_count":"0", "pv_pe_alloc_count":"0"}
              ]
          }
      ]
  }
`;

/** As LVM2 2.03.16 writes it, but for the identities, and health and progress, which need a kernel with device mapper. */
const MIRRORED = `  {
      "report": [
          {
              "vg": [
                  {"vg_name":"csi-vg-nvme", "vg_uuid":"v", "vg_tags":"csi.storage.io", "vg_attr":"wz--n-", "vg_extent_size":"4194304", "vg_extent_count":"102", "vg_free_count":"80"}
              ]
              ,
              "lv": [
                  {"lv_name":"pvc-1", "lv_uuid":"l", "lv_size":"41943040", "lv_tags":"csi.storage.io", "lv_active":"active", "lv_kernel_major":"253", "lv_kernel_minor":"4", "lv_health_status":"", "lv_layout":"raid,raid1", "sync_percent":"35.20"}
              ]
              ,
              "pvseg": [
                  {"pv_uuid":"b", "pvseg_size":"1", "lv_name":"[pvc-1_rmeta_1]", "lv_parent":"pvc-1"},
                  {"pv_uuid":"b", "pvseg_size":"10", "lv_name":"[pvc-1_rimage_1]", "lv_parent":"pvc-1"},
                  {"pv_uuid":"b", "pvseg_size":"40", "lv_name":"", "lv_parent":""},
                  {"pv_uuid":"a", "pvseg_size":"1", "lv_name":"[pvc-1_rmeta_0]", "lv_parent":"pvc-1"},
                  {"pv_uuid":"a", "pvseg_size":"10", "lv_name":"[pvc-1_rimage_0]", "lv_parent":"pvc-1"},
                  {"pv_uuid":"a", "pvseg_size":"40", "lv_name":"", "lv_parent":""}
              ]
          }
      ]
  }
`;

describe("LVM's report", () => {
  it('is read into bytes, tags and devices (traps 31, 45, 46)', () => {
    const { groups, orphans } = parseReport(REPORT);
    expect(groups).toEqual([
      {
        name: 'csi-vg-nvme',
        uuid: 'tccimH-jxAZ-pl4X-RlfI-N0VD-ahP3-kRYP8A',
        tags: ['a', 'csi.storage.io'],
        extentBytes: 4194304,
        sizeBytes: 49 * 4194304,
        freeBytes: 39 * 4194304,
        exported: false,
        shared: false,
        readOnly: false,
        partial: true,
        thinPools: ['pool'],
        physicalVolumes: [
          {
            path: '/dev/nvme0n1',
            uuid: 'ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL',
            missing: false,
            surplusBytes: 209715200 - 1048576 - 40 * 4194304,
            freeBytes: 30 * 4194304,
          },
          { path: '[unknown]', uuid: 'missing-one', missing: true, surplusBytes: 0, freeBytes: 0 },
        ],
        logicalVolumes: [
          {
            name: 'pvc-1',
            volumeGroup: 'csi-vg-nvme',
            uuid: 'bFi5XJ',
            sizeBytes: 41943040,
            takenBytes: 41943040,
            disks: [{ uuid: 'ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL', bytes: 41943040 }],
            isMirrored: false,
            isInSync: true,
            tags: ['csi.storage.io', 'csi.storage.io/new'],
            active: false,
            device: undefined,
            health: 'partial',
          },
          expect.objectContaining({ name: 'pool', tags: [] }),
        ],
      },
    ]);
    expect(orphans).toMatchObject([{ path: '/dev/nvme1n1', uuid: 'abcdef', surplusBytes: 1023 * 1024 ** 2 }]);
  });

  it('counts the hidden parts of a mirrored volume as its own, and no volume of their own (trap 45)', () => {
    const { groups } = parseReport(MIRRORED);
    expect(groups[0]?.logicalVolumes).toMatchObject([
      {
        ...{ name: 'pvc-1', sizeBytes: 10 * 4194304, takenBytes: 22 * 4194304, isMirrored: true, isInSync: false },
        disks: [
          { uuid: 'b', bytes: 11 * 4194304 },
          { uuid: 'a', bytes: 11 * 4194304 },
        ],
      },
    ]);
  });

  it.each([
    ['wz--n-', {}],
    ['rz--n-', { readOnly: true }],
    ['wzx-n-', { exported: true }],
    ['wz--nc', { shared: true }],
    ['wz--ns', { shared: true }],
  ])('tells by the attributes %s who may use a group', (attributes, expected) => {
    const [group] = parseReport(REPORT.replace('wz-pn-', attributes)).groups;
    expect(group).toMatchObject({ readOnly: false, exported: false, shared: false, partial: false, ...expected });
  });

  it('is found among lines that are no JSON (trap 25)', () => {
    const advice = '  Consider pruning csi-vg-nvme VG archive with more then 8 MiB in 8161 files.';
    const within = REPORT.replace('"report": [\n', `"report": [\n${advice}\n`);
    expect(parseReport(`${advice}\n${within}  WARNING: {something}\n`)).toEqual(parseReport(REPORT));
  });

  it.each(['', 'command failed', '{"report": [', '{"report": [{"vg": [{"vg_name": 1}]}]}'])(
    'throws on "%s"',
    (text) => {
      expect(() => parseReport(text)).toThrow("LVM's report can't be read");
    },
  );
});

describe('an LVM failure', () => {
  const code = (exitCode: number, stderr: string) => lvmError('x', { exitCode, stdout: '', stderr }).code;

  it.each([
    ['  Failed to find logical volume "csi-vg-nvme/nope"', 'NotFound'],
    ['  Volume group "nogroup" not found\n  Cannot process volume group nogroup', 'NotFound'],
    ['  Logical Volume "pvc-1" already exists in volume group "csi-vg-nvme"', 'AlreadyExists'],
    ['  Volume group "csi-vg-nvme" has insufficient free space (39 extents): 1000 required.', 'OutOfCapacity'],
    ['  Logical volume csi-vg-nvme/pvc-1 contains a filesystem in use.', 'FailedPrecondition'],
    ['  Something else', 'Internal'],
  ])('reads %s', (stderr, expected) => {
    expect(code(5, stderr)).toBe(expected);
  });

  it('is not "not found" by text alone (trap 41)', () => {
    expect(code(3, '  Volume group "x" not found')).toBe('Internal');
    expect(code(5, '  WARNING: Device for PV abc not found or rejected by a filter.\n  Other trouble')).toBe(
      'Internal',
    );
  });
});

it('gives each disk of each node its own physical volume UUIDs, in the form LVM wants', () => {
  const [first, second] = physicalVolumeUuids('node-1', 'wwn 0x1');
  expect(first).toMatch(/^\w{6}(-\w{4}){5}-\w{6}$/);
  expect(new Set([first, second, ...physicalVolumeUuids('node-2', 'wwn 0x1')]).size).toBe(10);
  expect(physicalVolumeUuids('node-1', 'wwn 0x1')[0]).toBe(first);
});
