import * as z from 'zod';
import { API_GROUP, API_VERSION } from '../names.ts';
import { logicalVolumeSchema } from './logical-volume.ts';
import { nodeStorageSchema } from './node-storage.ts';
import { volumeRecoverySchema } from './volume-recovery.ts';

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly columns: readonly { name: string; type: string; jsonPath: string; priority?: number }[];
  readonly selectableFields?: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    kind: 'NodeStorage',
    plural: 'nodestorages',
    shortName: 'nst',
    description: "What one node's disks offer, as its agent reports it.",
    schema: nodeStorageSchema,
    columns: [
      ...(['nvme', 'ssd', 'hdd'] as const).map((medium) => ({
        name: `${medium.toUpperCase()}-Allocatable`,
        type: 'string',
        jsonPath: `.status.allocatable.csi\\.storage\\.io/csi-vg-${medium}`,
      })),
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
  },
  {
    kind: 'LogicalVolume',
    plural: 'logicalvolumes',
    shortName: 'lv',
    description: "A logical volume on one node's disks, made for one claim.",
    schema: logicalVolumeSchema,
    columns: [
      { name: 'Node', type: 'string', jsonPath: '.spec.nodeName' },
      { name: 'Medium', type: 'string', jsonPath: '.spec.medium' },
      { name: 'Size', type: 'string', jsonPath: '.status.size' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Namespace', type: 'string', jsonPath: '.spec.claim.namespace' },
      { name: 'Claim', type: 'string', jsonPath: '.spec.claim.name' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    selectableFields: ['.spec.nodeName'],
  },
  {
    kind: 'VolumeRecovery',
    plural: 'volumerecoveries',
    shortName: 'vr',
    description: 'The record of a decision to let a stateful pod start again empty, because its node is gone.',
    schema: volumeRecoverySchema,
    columns: [
      { name: 'Node', type: 'string', jsonPath: '.spec.nodeName' },
      { name: 'Namespace', type: 'string', jsonPath: '.spec.pod.namespace' },
      { name: 'Pod', type: 'string', jsonPath: '.spec.pod.name' },
      { name: 'Dry-Run', type: 'boolean', jsonPath: '.spec.dryRun' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Reason', type: 'string', jsonPath: '.spec.reason', priority: 1 },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
  },
];

/** The manifests of our CustomResourceDefinitions, made from the same schemas as the types. */
export const customResourceDefinitions = () => KINDS.map(manifest);

const manifest = (kind: Kind) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.plural}.${API_GROUP}` },
  spec: {
    group: API_GROUP,
    scope: 'Cluster',
    names: {
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      shortNames: [kind.shortName],
      categories: ['berth'],
    },
    versions: [
      {
        name: API_VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: kind.columns,
        ...(kind.selectableFields && { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
        schema: { openAPIV3Schema: { description: kind.description, ...structural(kind.schema) } },
      },
    ],
  },
});

/** JSON schema as the API server wants it: structural, without the keys it refuses, object metadata added. */
const structural = (schema: z.ZodType): Record<string, unknown> => {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' });
  const clean = strip(json) as { properties: Record<string, unknown> };
  return {
    ...clean,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...clean.properties,
    },
  };
};

const strip = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(strip);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node)
    .filter(([key]) => key !== '$schema' && key !== 'propertyNames')
    .map(([key, value]) => [key, strip(value)]);
  return Object.fromEntries(entries);
};
