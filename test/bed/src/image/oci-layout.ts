import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Media types of the OCI image specification 1.1. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

const tagAnnotation = 'org.opencontainers.image.ref.name';

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
    // Not asked for by the specification, but buildah keeps no layers on top of a base without it.
    history: layers.map(() => ({ created_by: 'bed' })),
  });
  const manifest = await writeBlob(blobs, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers,
  });
  // containerd takes the image's full name from its own annotation; the tag alone is what the specification asks for.
  const annotations = {
    [tagAnnotation]: image.name.slice(image.name.lastIndexOf(':') + 1),
    'io.containerd.image.name': image.name,
  };
  await writeIndex(directory, [{ ...manifest, annotations }]);
}

/**
 * Moves an image that lies in a directory of skopeo's and buildah's `dir:` form (a manifest, and blobs named by their digests in
 * hexadecimal) into a layout, under a tag that is taken from the image that had it. Gives the manifest's digest.
 */
export async function addToLayout(layout: string, source: string, tag: string): Promise<string> {
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const names = await readdir(source);
  for (const name of names.filter((name) => /^[a-f0-9]{64}$/.test(name))) {
    await rename(join(source, name), join(blobs, name));
  }
  const manifest = await readFile(join(source, 'manifest.json'), 'utf8');
  const { mediaType } = JSON.parse(manifest) as { mediaType?: string };
  const hex = createHash('sha256').update(manifest).digest('hex');
  await writeFile(join(blobs, hex), manifest);
  const entry: Descriptor = {
    mediaType: mediaType ?? mediaTypes.manifest,
    digest: `sha256:${hex}`,
    size: Buffer.byteLength(manifest),
    annotations: { [tagAnnotation]: tag },
  };
  const others = (await readIndex(layout)).filter((other) => other.annotations?.[tagAnnotation] !== tag);
  await writeIndex(layout, [...others, entry]);
  return entry.digest;
}

/** Digest of the manifest that the layout names so; undefined when there is none. */
export async function digestOfTag(layout: string, tag: string): Promise<string | undefined> {
  return (await readIndex(layout)).find((entry) => entry.annotations?.[tagAnnotation] === tag)?.digest;
}

async function readIndex(layout: string): Promise<readonly Descriptor[]> {
  const text = await readFile(join(layout, 'index.json'), 'utf8').catch(() => undefined);
  return text === undefined ? [] : (JSON.parse(text) as { manifests: Descriptor[] }).manifests;
}

async function writeIndex(layout: string, manifests: readonly Descriptor[]): Promise<void> {
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const file = join(layout, 'index.json');
  await writeFile(`${file}.new`, JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
  await rename(`${file}.new`, file);
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
