import { describe, expect, it } from 'vitest';
import { parseReport } from './report.ts';

/** As LVM2 2.03.16 writes it. */
const REPORT = `  {
      "report": [
          {
              "vg": [
                  {"vg_name":"csi-vg-nvme", "vg_uuid":"tccimH-jxAZ-pl4X-RlfI-N0VD-ahP3-kRYP8A", "vg_tags":"a,csi.storage.io", "vg_attr":"wz-pn-", "vg_extent_size":"4194304"}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/nvme0n1", "pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pv_missing":"", "dev_size":"209715200", "pe_start":"1048576", "pv_pe_count":"40", "pv_pe_alloc_count":"10", "pv_allocatable":"allocatable", "pv_in_use":"used", "pv_tags":""},
                  {"pv_name":"[unknown]", "pv_uuid":"missing-one", "pv_missing":"missing", "dev_size":"0", "pe_start":"1048576", "pv_pe_count":"9", "pv_pe_alloc_count":"0", "pv_allocatable":"allocatable", "pv_in_use":"used", "pv_tags":""}
              ]
              ,
              "lv": [
                  {"lv_name":"pvc-1", "lv_uuid":"bFi5XJ", "lv_size":"41943040", "lv_tags":"csi.storage.io,csi.storage.io/new", "lv_active":"", "lv_live_table":"", "lv_suspended":"", "lv_kernel_major":"-1", "lv_kernel_minor":"-1", "lv_health_status":"partial", "lv_layout":"linear", "sync_percent":"", "lv_allocation_locked":""},
                  {"lv_name":"pool", "lv_uuid":"Jx2mTd", "lv_size":"4194304", "lv_tags":"", "lv_active":"", "lv_live_table":"", "lv_suspended":"", "lv_kernel_major":"-1", "lv_kernel_minor":"-1", "lv_health_status":"", "lv_layout":"thin,pool", "sync_percent":"", "lv_allocation_locked":""}
              ]
              ,
              "pvseg": [
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"6", "lv_name":"pvc-1", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"30", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"ZKipic-hi2q-16q3-bE7V-DPk3-gr4N-7Aw3QL", "pvseg_size":"4", "lv_name":"pvc-1", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"missing-one", "pvseg_size":"9", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""}
              ]
          }
          ,
          {
              "pv": [
                  {"pv_name":"/dev/nvme1n1", "pv_uuid":"abcdef", "pv_missing":"", "dev_size":"1073741824", "pe_start":"1048576", "pv_pe_count":"0", "pv_pe_alloc_count":"0", "pv_allocatable":"", "pv_in_use":"", "pv_tags":""}
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
                  {"vg_name":"csi-vg-nvme", "vg_uuid":"v", "vg_tags":"csi.storage.io", "vg_attr":"wz--n-", "vg_extent_size":"4194304"}
              ]
              ,
              "lv": [
                  {"lv_name":"pvc-1", "lv_uuid":"l", "lv_size":"41943040", "lv_tags":"csi.storage.io", "lv_active":"active", "lv_live_table":"live table present", "lv_suspended":"", "lv_kernel_major":"253", "lv_kernel_minor":"4", "lv_health_status":"", "lv_layout":"raid,raid1", "sync_percent":"35.20", "lv_allocation_locked":""}
              ]
              ,
              "pvseg": [
                  {"pv_uuid":"b", "pvseg_size":"1", "lv_name":"[pvc-1_rmeta_1]", "lv_parent":"pvc-1", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"b", "pvseg_size":"10", "lv_name":"[pvc-1_rimage_1]", "lv_parent":"pvc-1", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"b", "pvseg_size":"40", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"a", "pvseg_size":"1", "lv_name":"[pvc-1_rmeta_0]", "lv_parent":"pvc-1", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"a", "pvseg_size":"10", "lv_name":"[pvc-1_rimage_0]", "lv_parent":"pvc-1", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"a", "pvseg_size":"40", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""}
              ]
          }
      ]
  }
`;

const EXTENT = 4194304;

/** As LVM2 2.03.16 writes it while a volume is moved off a disk, but for the percentage. */
const MOVING = `  {
      "report": [
          {
              "vg": [
                  {"vg_name":"csi-vg-nvme", "vg_uuid":"tccimH", "vg_tags":"csi.storage.io", "vg_attr":"wz--n-", "vg_extent_size":"4194304"}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/loop3", "pv_uuid":"8Wb1Ye", "pv_missing":"", "dev_size":"210763776", "pe_start":"1048576", "pv_pe_count":"50", "pv_pe_alloc_count":"15", "pv_allocatable":"", "pv_in_use":"", "pv_tags":"csi.storage.io/leaving"},
                  {"pv_name":"/dev/loop4", "pv_uuid":"OS8Lgs", "pv_missing":"", "dev_size":"210763776", "pe_start":"1048576", "pv_pe_count":"50", "pv_pe_alloc_count":"10", "pv_allocatable":"allocatable", "pv_in_use":"used", "pv_tags":""}
              ]
              ,
              "lv": [
                  {"lv_name":"pvc-1", "lv_uuid":"a", "lv_size":"41943040", "lv_tags":"csi.storage.io", "lv_active":"active", "lv_live_table":"live table present", "lv_suspended":"", "lv_kernel_major":"253", "lv_kernel_minor":"0", "lv_health_status":"", "lv_layout":"linear", "sync_percent":"", "lv_allocation_locked":"allocation locked"},
                  {"lv_name":"pvc-2", "lv_uuid":"b", "lv_size":"20971520", "lv_tags":"csi.storage.io", "lv_active":"active", "lv_live_table":"live table present", "lv_suspended":"", "lv_kernel_major":"253", "lv_kernel_minor":"1", "lv_health_status":"", "lv_layout":"linear", "sync_percent":"", "lv_allocation_locked":""}
              ]
              ,
              "pvseg": [
                  {"pv_uuid":"8Wb1Ye", "pvseg_size":"10", "lv_name":"[pvmove0]", "lv_parent":"", "move_pv_uuid":"8Wb1Ye", "copy_percent":"40.00"},
                  {"pv_uuid":"8Wb1Ye", "pvseg_size":"5", "lv_name":"pvc-2", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"8Wb1Ye", "pvseg_size":"35", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""},
                  {"pv_uuid":"OS8Lgs", "pvseg_size":"10", "lv_name":"[pvmove0]", "lv_parent":"", "move_pv_uuid":"8Wb1Ye", "copy_percent":"40.00"},
                  {"pv_uuid":"OS8Lgs", "pvseg_size":"40", "lv_name":"", "lv_parent":"", "move_pv_uuid":"", "copy_percent":""}
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
        usedBytes: 10 * 4194304,
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
            sizeBytes: 40 * 4194304,
            usedBytes: 10 * 4194304,
            freeBytes: 30 * 4194304,
            allocatable: true,
            claimed: true,
            leaving: false,
            volumes: ['pvc-1'],
          },
          {
            ...{ path: '[unknown]', uuid: 'missing-one', missing: true, surplusBytes: 0, sizeBytes: 9 * 4194304 },
            ...{ usedBytes: 0, freeBytes: 0, allocatable: true, claimed: true, leaving: false, volumes: [] },
          },
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
            moving: false,
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

  it('counts a copy of a mirrored volume also while it is being moved', () => {
    const moved = MIRRORED.replaceAll(
      /"\[pvc-1_r(image|meta)_1\]", "lv_parent":"pvc-1", "move_pv_uuid":""/g,
      '"[pvmove0]", "lv_parent":"", "move_pv_uuid":"b"',
    );
    const [volume] = parseReport(moved).groups[0]?.logicalVolumes ?? [];
    expect(volume?.disks).toEqual([{ uuid: 'a', bytes: 11 * EXTENT }]);
    expect(volume?.takenBytes).toBe(22 * EXTENT);
  });

  it('counts what is being moved once, and gives no room of a disk that is leaving, nor the room that it needs', () => {
    const [group] = parseReport(MOVING).groups;
    expect(group).toMatchObject({ sizeBytes: 50 * EXTENT, usedBytes: 15 * EXTENT, freeBytes: 35 * EXTENT });
    const [leaving, other] = group?.physicalVolumes ?? [];
    expect(leaving).toMatchObject({
      freeBytes: 0,
      ...{ leaving: true, allocatable: false, sizeBytes: 50 * EXTENT, usedBytes: 15 * EXTENT },
      ...{ volumes: ['[pvmove0]', 'pvc-2'], move: { bytes: 10 * EXTENT, copiedBytes: 4 * EXTENT } },
    });
    expect(other).toMatchObject({
      leaving: false,
      allocatable: true,
      claimed: true,
      usedBytes: 10 * EXTENT,
      freeBytes: 40 * EXTENT,
    });
    expect(other?.move).toBeUndefined();
    expect(group?.logicalVolumes.map(({ name, moving }) => [name, moving])).toEqual([
      ['pvc-1', true],
      ['pvc-2', false],
    ]);
  });

  it('offers nothing of a disk that somebody else has made unallocatable', () => {
    const [group] = parseReport(MOVING.replace('"csi.storage.io/leaving"', '""')).groups;
    expect(group).toMatchObject({ sizeBytes: 100 * EXTENT, usedBytes: 25 * EXTENT, freeBytes: 40 * EXTENT });
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

  it.each([
    ['has no table yet', '"lv_live_table":"live table present"', '"lv_live_table":""'],
    ['is suspended', '"lv_suspended":""', '"lv_suspended":"suspended"'],
  ])('does not call a volume active whose device %s, as a command that was killed leaves it', (_, whole, cut) => {
    expect(parseReport(MIRRORED).groups[0]?.logicalVolumes[0]?.active).toBe(true);
    expect(parseReport(MIRRORED.replace(whole, cut)).groups[0]?.logicalVolumes[0]?.active).toBe(false);
  });
});
