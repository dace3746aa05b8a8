import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../process/lock.ts';
import { run } from '../process/spawn.ts';
import { preloadedImages } from './container-images.ts';
import type { NodeImage } from './node-image.ts';
import { addToLayout, digestOfTag } from './oci-layout.ts';
import { registryRoot } from './registry-process.ts';

export interface PushRequest {
  /** Such as `registry.bed:5000/berth:dev`. */
  readonly name: string;
  readonly dockerfile: string;
  /** Directory that COPY takes from. */
  readonly context: string;
  /** `BASE` is the image with Debian and Node.js that every node has already, unless it is given here. */
  readonly buildArgs?: Readonly<Record<string, string>>;
}

export interface PushContext {
  readonly runDir: string;
  readonly image: NodeImage;
  readonly signal: AbortSignal;
}

/**
 * Builds a Dockerfile and puts the image where the bed's registry serves it. Gives its reference with digest, so that a pod that
 * uses it gets this build and no older one. Layers of the base image are on every node: only what the Dockerfile adds is pulled.
 */
export async function pushImage(context: PushContext, request: PushRequest): Promise<string> {
  const { repository, tag } = parseName(request.name);
  const layout = join(registryRoot(context.runDir), repository);
  const storage = join(dirname(context.image.containers), 'buildah');
  const transfer = join(context.runDir, `push-${process.pid}`);
  const digest = await withLock(`${storage}.lock`, context.signal, async () => {
    try {
      const buildah = await createBuildah(storage, context.signal);
      await build(buildah, context.image, request);
      // Of buildah's ways out of its storage, this one alone leaves layers uncompressed, and so equal to those the nodes have.
      await buildah(['push', '--quiet', '--disable-compression', request.name, `dir:${transfer}`]);
      return await addToLayout(layout, transfer, tag);
    } finally {
      await rm(transfer, { recursive: true, force: true });
    }
  });
  return `registry.bed:5000/${repository}@${digest}`;
}

async function build(buildah: Buildah, image: NodeImage, request: PushRequest): Promise<void> {
  const base = request.buildArgs?.BASE ?? (await ensureBase(buildah, image));
  const buildArgs = Object.entries({ ...request.buildArgs, BASE: base });
  await buildah([
    // With a fixed time, the same input gives the same image; with layers kept, it is not built again.
    ...['build', '--isolation', 'chroot', '--pull=never', '--layers', '--timestamp', '0', '--tag', request.name],
    ...buildArgs.flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    ...['--file', request.dockerfile, request.context],
  ]);
  // The build before this one has lost its name.
  await buildah(['rmi', '--prune', '--force']);
}

/** Repository and tag of an image that the bed's registry can serve. Throws for other registries and for names without a tag. */
export function parseName(name: string): { repository: string; tag: string } {
  const [, repository, tag] =
    /^registry\.bed:5000\/([a-z0-9]+(?:[._/-][a-z0-9]+)*):([\w][\w.-]{0,127})$/.exec(name) ?? [];
  if (repository === undefined || tag === undefined) {
    throw new Error(`image name "${name}" must look like registry.bed:5000/NAME:TAG`);
  }
  return { repository, tag };
}

type Buildah = (args: readonly string[]) => Promise<string>;

async function createBuildah(storage: string, signal: AbortSignal): Promise<Buildah> {
  // vfs works everywhere, but copies whole images where overlay adds a directory.
  const driver = (await readFile('/proc/filesystems', 'utf8')).includes('overlay') ? 'overlay' : 'vfs';
  const root = `${storage}-${driver}`;
  const global = ['--root', root, '--runroot', `${root}-run`, '--storage-driver', driver];
  return async (args) => (await run('buildah', [...global, ...args], { signal })).stdout;
}

/** The base image in buildah's storage, under a name that changes with its content. */
async function ensureBase(buildah: Buildah, image: NodeImage): Promise<string> {
  const layout = join(image.containers, 'base');
  const tag = preloadedImages.base.slice(preloadedImages.base.lastIndexOf(':') + 1);
  const digest = await digestOfTag(layout, tag);
  const name = `localhost/berth-base:${digest?.slice('sha256:'.length, 'sha256:'.length + 16)}`;
  const known = await buildah(['images', '--quiet', name]).catch(() => '');
  if (known.trim() !== '') return name;
  const id = (await buildah(['pull', '--quiet', `oci:${layout}:${tag}`])).trim();
  await buildah(['tag', id, name]);
  return name;
}
