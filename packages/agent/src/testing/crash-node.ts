import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '@berth/contract/errors';
import { LOGICAL_VOLUME_FINALIZER, volumeName } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import type { FsType, WipePolicy } from '@berth/contract/volume-request';
import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { readConfig } from '@berth/runtime/config';
import { createManualClock } from '@berth/runtime/manual-clock';
import { agentConfigSchema } from '../config.ts';
import { findFaults, type Kept } from './crash-faults.ts';
import { nextCall } from './fake-kubelet.ts';
import { createFakeMachine } from './fake-machine.ts';
import { createMachineState } from './machine-state.ts';
import { createSteppedAgent } from './stepped-agent.ts';

const MIB = 1024 ** 2;
const DISK = '/dev/nvme0n1';
const LINK = 'disk/by-id/nvme-Disk_S0';
/** Rounds within which everything has to come to rest; wiping takes one a step. */
const MOST_ROUNDS = 60;
const NOT_MOUNTED = { mayBeStaged: false, mayBePublished: false, published: false };

export interface NewVolume {
  readonly mib: number;
  readonly fsType?: FsType;
  readonly wipePolicy?: WipePolicy;
}

/**
 * A node with one disk on which volumes are made, used, grown and removed while its agent dies: users' wishes, a kubelet that repeats
 * its calls, and after all has come to rest the faults there are. Volumes are known by number. `directory` is for the node's files.
 */
export const createCrashNode = async (directory: string) => {
  const machine = createFakeMachine(createMachineState([{ path: DISK, sizeBytes: 1025 * MIB }]), directory);
  machine.state.links[`/dev/${LINK}`] = DISK;
  await mkdir(join(directory, 'dev/disk/by-id'), { recursive: true });
  await writeFile(join(directory, 'dev/nvme0n1'), '');
  await symlink('../../nvme0n1', join(directory, 'dev', LINK));
  const dirs = ['proc', 'sys', 'dev', 'udev'].flatMap((name) => [`--${name}-dir`, join(directory, name)]);
  const argv = ['--node-name', 'node-1', '--kubelet-dir', join(directory, 'kubelet'), '--command-prefix', '', ...dirs];
  const config = await readConfig(agentConfigSchema, { argv, env: {} });
  const api = createFakeKubeClient();
  await api.create(NODES, { metadata: { name: 'node-1', uid: 'node-uid' } });
  const clock = createManualClock();
  const agent = createSteppedAgent({ machine, api, config, clock });
  const kept = new Map<number, Kept>();

  const nameOf = (number: number): string => volumeName(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
  const object = (number: number) => api.get(LOGICAL_VOLUMES, { name: nameOf(number) });
  const content = (number: number) => {
    const lv = machine.state.groups.flatMap(({ lvs }) => lvs).find(({ name }) => name === nameOf(number));
    return lv?.content?.kind === 'filesystem' ? lv.content : undefined;
  };

  const round = async (): Promise<(Error | 'done')[]> => {
    const answers = [await agent.look()];
    for (const { metadata } of (await api.list(LOGICAL_VOLUMES)).items)
      answers.push(await agent.reconcile(metadata.name));
    for (const [number, { volume }] of kept) {
      const { phase, size = '0' } = (await object(number))?.status ?? {};
      const call = nextCall(agent, directory, volume, phase === 'Ready' ? parseQuantity(size) : 0);
      if (call !== undefined) answers.push(await call());
    }
    return answers;
  };

  const fingerprint = async () => {
    const { commands, ...state } = machine.state;
    return JSON.stringify([state, (await api.list(LOGICAL_VOLUMES)).items, [...kept]]);
  };

  return {
    agent,
    machine,
    /** One round of everybody's work: the agent's and kubelet's. */
    round,
    make: async (number: number, { mib, fsType = 'xfs', wipePolicy }: NewVolume) => {
      const volume = { name: nameOf(number), fsType, used: false, ...NOT_MOUNTED, expandedBytes: 0 };
      kept.set(number, { volume, files: {}, wipePolicy, isRemoved: false });
      await api.create(LOGICAL_VOLUMES, {
        metadata: { name: volume.name, finalizers: [LOGICAL_VOLUME_FINALIZER] },
        spec: {
          ...{ nodeName: 'node-1', medium: 'nvme', size: `${mib}Mi`, volumeMode: 'Filesystem', fsType },
          ...{ claim: { namespace: 'default', name: 'data', uid: 'x' }, ...(wipePolicy && { wipePolicy }) },
        },
      });
    },
    /** A pod begins or ceases to use the volume. */
    use: (number: number, used: boolean) => {
      const volume = kept.get(number);
      if (volume !== undefined && !volume.isRemoved) volume.volume.used = used;
    },
    /** The pod writes a file and flushes it; nothing happens while the pod does not see the volume. */
    write: (number: number, file: string) => {
      const volume = kept.get(number);
      const files = content(number);
      if (!volume?.volume.published || files === undefined) return;
      files.files = { ...files.files, [file]: 'flushed' };
      volume.files[file] = 'flushed';
    },
    grow: async (number: number, mib: number) => {
      const before = await object(number);
      if (before === undefined || kept.get(number)?.isRemoved) return;
      if (parseQuantity(before.spec.size) >= mib * MIB) return;
      await api.mergePatch(LOGICAL_VOLUMES, { name: nameOf(number) }, { spec: { size: `${mib}Mi` } });
    },
    /** The claim is deleted, and with it the pod. */
    remove: async (number: number) => {
      const volume = kept.get(number);
      if (volume === undefined || volume.isRemoved) return;
      Object.assign(volume, { isRemoved: true });
      volume.volume.used = false;
      await api.delete(LOGICAL_VOLUMES, { name: nameOf(number) });
    },
    /** Mounts and devices go; what was flushed stays. The node boots, and kubelet begins anew. */
    cutPower: () => {
      machine.state.mounts = [];
      for (const lv of machine.state.groups.flatMap(({ lvs }) => lvs)) {
        lv.active = false;
        delete lv.deviceExtents;
      }
      machine.sync();
      for (const { volume } of kept.values()) Object.assign(volume, NOT_MOUNTED);
      agent.restart();
    },
    /** Everybody works until nothing changes any more; returns what is wrong then, as sentences. */
    settle: async (): Promise<string[]> => {
      for (let rounds = 0, quiet = 0, before = ''; quiet < 2; rounds += 1) {
        const answers = await round();
        const last = answers.find((answer) => answer !== 'done' && !hasCode(answer, 'Aborted'));
        if (rounds > MOST_ROUNDS) return [`it does not come to rest: ${String(last)}`];
        const now = await fingerprint();
        quiet = now === before && last === undefined ? quiet + 1 : 0;
        before = now;
      }
      return await findFaults({ directory, machine, api, kept: [...kept.values()] });
    },
  };
};

export type CrashNode = Awaited<ReturnType<typeof createCrashNode>>;
