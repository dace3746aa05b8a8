import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Media types of the OCI image specification 1.1. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export interface ImageDescription {
  /** Full name, for example `registry.bed:5000/pause:1`. */
  readonly name: string;
  /** Uncompressed tar archives, lowest first; they are moved into the layout. */
  readonly layers: readonly string[];
  /** `config` of the image configuration: Entrypoint, Cmd, Env. */
  readonly config: Readonly<Record<string, unknown>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Writes an image as an OCI layout into a directory. Layers are not compressed: an emulated processor would spend longer on
 * unpacking than the network saves. Equal layers and configuration give equal digests.
 */
export async function writeOciLayout(directory: string, image: ImageDescription): Promise<void> {
  const blobs = join(directory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const layers: Descriptor[] = [];
  for (const layer of image.layers) layers.push(await moveLayer(blobs, layer));
  const config = await writeBlob(blobs, mediaTypes.config, {
    architecture: 'amd64',
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
  });
  const manifest = await writeBlob(blobs, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers,
  });
  // containerd takes the image's full name from its own annotation; the tag alone is what the specification asks for.
  const annotations = {
    'org.opencontainers.image.ref.name': image.name.slice(image.name.lastIndexOf(':') + 1),
    'io.containerd.image.name': image.name,
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function moveLayer(blobs: string, layer: string): Promise<Descriptor> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(layer, { highWaterMark: 1024 * 1024 }), hash);
  const digest = hash.digest('hex');
  const { size } = await stat(layer);
  await rename(layer, join(blobs, digest));
  return { mediaType: mediaTypes.layer, digest: `sha256:${digest}`, size };
}

async function writeBlob(blobs: string, mediaType: string, content: unknown): Promise<Descriptor> {
  const text = JSON.stringify(content);
  const digest = createHash('sha256').update(text).digest('hex');
  await writeFile(join(blobs, digest), text);
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
}
