import type { ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import controllerInterfaces from './controller-interfaces.json' with { type: 'json' };
import { loadControllerServices } from './controller-services.ts';
import nodeInterfaces from './node-interfaces.json' with { type: 'json' };
import { loadNodeServices } from './node-services.ts';
import { describeInterfaces } from './testing/describe-interfaces.ts';

const { node, identity, registration } = loadNodeServices();
const { controller } = loadControllerServices();

const method = (service: ServiceDefinition, name: string) => {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
};
const hex = (bytes: Buffer): string => bytes.toString('hex');
/** A length-delimited field: tag (number << 3 | 2), length, content. */
const field = (number: number, content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
/** A varint field below 128: tag (number << 3), value. */
const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);

it.each([
  ['node', nodeInterfaces],
  ['controller', controllerInterfaces],
] as const)('%s-interfaces.json says what the files in proto/ say (npm run protos)', (role, interfaces) => {
  expect(interfaces).toEqual(JSON.parse(JSON.stringify(describeInterfaces(role))));
});

describe('the wire format, byte by byte', () => {
  it('has the paths that kubelet calls', () => {
    expect(method(node, 'NodeStageVolume').path).toBe('/csi.v1.Node/NodeStageVolume');
    expect(method(identity, 'Probe').path).toBe('/csi.v1.Identity/Probe');
    expect(method(registration, 'GetInfo').path).toBe('/pluginregistration.Registration/GetInfo');
  });

  it('reads NodeStageVolumeRequest', () => {
    const mount = Buffer.concat([field(1, 'xfs'), field(2, 'rw'), field(2, 'noatime')]);
    const capability = Buffer.concat([field(2, mount), field(3, varint(1, 1))]);
    const secret = Buffer.concat([field(1, 'k'), field(2, 'v')]);
    const bytes = Buffer.concat([
      field(1, 'pvc-1'),
      field(3, '/staging'),
      field(4, capability),
      field(5, secret),
      field(6, Buffer.concat([field(1, 'm'), field(2, 'nvme')])),
    ]);
    expect(method(node, 'NodeStageVolume').requestDeserialize(bytes)).toMatchObject({
      volumeId: 'pvc-1',
      stagingTargetPath: '/staging',
      volumeCapability: {
        mount: { fsType: 'xfs', mountFlags: ['rw', 'noatime'] },
        accessMode: { mode: 'SINGLE_NODE_WRITER' },
      },
      secrets: { k: 'v' },
      volumeContext: { m: 'nvme' },
    });
  });

  it('reads NodePublishVolumeRequest, and passes over fields of later versions', () => {
    const bytes = Buffer.concat([
      field(1, 'pvc-1'),
      field(3, '/staging'),
      field(4, '/target'),
      field(5, field(1, '')),
      varint(6, 1),
      field(14, 'from the future'),
    ]);
    expect(method(node, 'NodePublishVolume').requestDeserialize(bytes)).toMatchObject({
      volumeId: 'pvc-1',
      stagingTargetPath: '/staging',
      targetPath: '/target',
      volumeCapability: { block: {} },
      readonly: true,
    });
  });

  it('reads NodeExpandVolumeRequest, with sizes as exact text', () => {
    // required_bytes 2^40 as a varint: seven bits a byte, lowest first.
    const range = Buffer.from([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    const bytes = Buffer.concat([field(1, 'pvc-1'), field(2, '/path'), field(3, range), field(4, '/staging')]);
    expect(method(node, 'NodeExpandVolume').requestDeserialize(bytes)).toMatchObject({
      volumePath: '/path',
      capacityRange: { requiredBytes: String(2 ** 40) },
      stagingTargetPath: '/staging',
    });
  });

  it('has the paths that sidecars call', () => {
    expect(method(controller, 'CreateVolume').path).toBe('/csi.v1.Controller/CreateVolume');
  });

  it('reads CreateVolumeRequest', () => {
    const topology = field(1, field(1, Buffer.concat([field(1, 'k'), field(2, 'v')])));
    const range = Buffer.concat([varint(1, 5), varint(2, 9)]);
    const capability = Buffer.concat([field(1, ''), field(3, varint(1, 1))]);
    const parameter = Buffer.concat([field(1, 'p'), field(2, 'q')]);
    const bytes = Buffer.concat([
      field(1, 'pvc-1'),
      field(2, range),
      field(3, capability),
      field(4, parameter),
      field(6, field(2, field(1, 'pvc-0'))),
      field(7, topology),
      field(8, parameter),
    ]);
    expect(method(controller, 'CreateVolume').requestDeserialize(bytes)).toMatchObject({
      name: 'pvc-1',
      capacityRange: { requiredBytes: '5', limitBytes: '9' },
      volumeCapabilities: [{ block: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } }],
      parameters: { p: 'q' },
      volumeContentSource: { volume: { volumeId: 'pvc-0' } },
      accessibilityRequirements: { requisite: [{ segments: { k: 'v' } }], preferred: [] },
      mutableParameters: { p: 'q' },
    });
  });

  it.each([
    [
      controller,
      'CreateVolume',
      { volume: { capacityBytes: 1, volumeId: 'i', accessibleTopology: [{ segments: { a: 'b' } }] } },
      '0a0f 0801 120169 2a08 0a06 0a0161 120162',
    ],
    [
      controller,
      'ListVolumes',
      { entries: [{ volume: { volumeId: 'i' } }], nextToken: 't' },
      '0a05 0a03 120169 120174',
    ],
    [
      controller,
      'GetCapacity',
      { availableCapacity: 3, maximumVolumeSize: { value: 2 }, minimumVolumeSize: { value: 1 } },
      '0803 1202 0802 1a02 0801',
    ],
    [
      controller,
      'ControllerGetCapabilities',
      { capabilities: [{ rpc: { type: 'CREATE_DELETE_VOLUME' } }, { rpc: { type: 'EXPAND_VOLUME' } }] },
      '0a04 0a02 0801 0a04 0a02 0809',
    ],
    [controller, 'ControllerExpandVolume', { capacityBytes: 1, nodeExpansionRequired: true }, '0801 1001'],
    [node, 'NodeGetInfo', { nodeId: 'n', accessibleTopology: { segments: { a: 'b' } } }, '0a016e1a080a060a016112016 2'],
    [
      node,
      'NodeGetCapabilities',
      { capabilities: [{ rpc: { type: 'STAGE_UNSTAGE_VOLUME' } }, { rpc: { type: 'EXPAND_VOLUME' } }] },
      '0a040a0208010a040a020803',
    ],
    [
      node,
      'NodeGetVolumeStats',
      { usage: [{ available: 1, total: 3, used: 2, unit: 'INODES' }] },
      '0a080801100318022002',
    ],
    [
      identity,
      'GetPluginCapabilities',
      {
        capabilities: [
          { service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' } },
          { volumeExpansion: { type: 'ONLINE' } },
        ],
      },
      '0a040a0208020a0412020801',
    ],
    [identity, 'Probe', { ready: { value: true } }, '0a020801'],
    [
      registration,
      'GetInfo',
      { type: 'T', name: 'N', endpoint: 'E', supportedVersions: ['1'] },
      '0a015412014e1a0145220131',
    ],
  ] as const)('writes the answer of %# %s', (service, name, answer, expected) => {
    expect(hex(method(service, name).responseSerialize(answer))).toBe(expected.replaceAll(' ', ''));
  });

  it('reads what kubelet says of the registration', () => {
    const bytes = Buffer.concat([varint(1, 1), field(2, 'why')]);
    const type = method(registration, 'NotifyRegistrationStatus');
    expect(type.requestDeserialize(bytes)).toEqual({ pluginRegistered: true, error: 'why' });
  });
});
