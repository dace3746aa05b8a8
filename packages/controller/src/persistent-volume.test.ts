import type { PersistentVolumeClaim } from '@berth/kube/types';
import { expect, it } from 'vitest';
import { parseClaim } from './claim-request.ts';
import { buildLogicalVolume } from './logical-volume.ts';
import { buildPersistentVolume } from './persistent-volume.ts';
import { aClaim, aClass, aLogicalVolume, aPod, CLAIM_UID, READY, VOLUME } from './testing/builders.ts';

it('pins the volume to its node and binds it to its claim by uid', () => {
  const logicalVolume = aLogicalVolume({ status: { ...READY, size: '10244Mi' } });
  expect(buildPersistentVolume({ claim: aClaim(), storageClass: aClass(), logicalVolume })).toEqual({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: VOLUME,
      annotations: { 'pv.kubernetes.io/provisioned-by': 'csi.storage.io' },
      finalizers: ['csi.storage.io/persistent-volume'],
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '10244Mi' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: 'shop',
        name: 'data-es-0',
        uid: CLAIM_UID,
      },
      csi: {
        driver: 'csi.storage.io',
        volumeHandle: VOLUME,
        fsType: 'xfs',
        volumeAttributes: { 'csi.storage.io/medium': 'nvme' },
      },
      mountOptions: ['rw'],
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'topology.csi.storage.io/node', operator: 'In', values: ['a'] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'fast',
      volumeMode: 'Filesystem',
    },
  });
});

it('names no file system and no mount options for a raw block volume', () => {
  const claim = aClaim({ spec: { volumeMode: 'Block' } });
  const { mountOptions: _none, ...storageClass } = aClass();
  const request = parseClaim(claim, storageClass);
  const logicalVolume = buildLogicalVolume({ claim, request, nodeName: 'a', pod: undefined });
  const { spec } = buildPersistentVolume({ claim, storageClass, logicalVolume });
  expect(spec?.csi).not.toHaveProperty('fsType');
  expect(spec).not.toHaveProperty('mountOptions');
  expect(spec?.volumeMode).toBe('Block');
});

it('gives the logical volume its finalizer, its claim and the application of the pod from the start', () => {
  const logicalVolume = aLogicalVolume();
  expect(logicalVolume.metadata).toMatchObject({ name: VOLUME, finalizers: ['csi.storage.io/logical-volume'] });
  expect(logicalVolume.spec).toEqual({
    nodeName: 'a',
    medium: 'nvme',
    size: '10Gi',
    volumeMode: 'Filesystem',
    fsType: 'xfs',
    claim: { namespace: 'shop', name: 'data-es-0', uid: CLAIM_UID },
    application: { cluster: 'shop-search', role: 'data' },
  });
});

it.each([
  [{ 'csi.storage.io/layout': 'linear' }, {}],
  [{ 'csi.storage.io/layout': 'raid1' }, { layout: 'raid1' }],
  [
    { 'csi.storage.io/layout': 'striped', 'csi.storage.io/stripes': '4' },
    { layout: 'striped', stripes: 4 },
  ],
])('gives the volume the layout of its class: %j', (parameters, expected) => {
  const storageClass = aClass({ parameters: { 'csi.storage.io/disk-type': 'nvme', ...parameters } });
  const request = parseClaim(aClaim(), storageClass);
  const { spec } = buildLogicalVolume({ claim: aClaim(), request, nodeName: 'a', pod: undefined });
  const { layout, stripes } = spec;
  expect({ ...(layout && { layout }), ...(stripes && { stripes }) }).toEqual(expected);
});

it('hands the options for mkfs of the class on to the node, and none for a raw block volume', () => {
  const parameters = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/mkfs-options': '-m  reflink=0 -K' };
  const storageClass = aClass({ parameters });
  const made = (claim: PersistentVolumeClaim) => {
    const request = parseClaim(claim, storageClass);
    const logicalVolume = buildLogicalVolume({ claim, request, nodeName: 'a', pod: undefined });
    const { spec } = buildPersistentVolume({ claim, storageClass, logicalVolume });
    return { inSpec: logicalVolume.spec.mkfsOptions, attributes: spec?.csi?.volumeAttributes };
  };
  expect(made(aClaim())).toEqual({
    inSpec: '-m reflink=0 -K',
    attributes: { 'csi.storage.io/medium': 'nvme', 'csi.storage.io/mkfs-options': '-m reflink=0 -K' },
  });
  expect(made(aClaim({ spec: { volumeMode: 'Block' } }))).toEqual({
    inSpec: undefined,
    attributes: { 'csi.storage.io/medium': 'nvme' },
  });
});

it("takes the application from the claim's labels when no pod is known", () => {
  const plain = aClaim();
  const claim = { ...plain, metadata: { ...plain.metadata, labels: { 'app.kubernetes.io/instance': 'search' } } };
  const input = { claim, request: parseClaim(claim, aClass()), nodeName: 'a' };
  expect(buildLogicalVolume({ ...input, pod: undefined }).spec.application).toEqual({ cluster: 'search' });
  expect(buildLogicalVolume({ ...input, pod: aPod({}) }).spec.application).toEqual({ cluster: 'search' });
});
