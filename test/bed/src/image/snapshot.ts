import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Accelerator } from '../node/accelerator.ts';
import { execInGuest, waitForAgent } from '../node/guest-agent.ts';
import { machineArguments } from '../node/qemu-arguments.ts';
import { type Qmp, withQmp } from '../node/qmp.ts';
import { run, startDaemon } from '../process/spawn.ts';
import { goldenSize, imageFiles } from './node-image.ts';

// Modules and the files that a node reads first are in memory then when it is restored.
const prepareGuest = `
set -eu
systemctl start containerd
journalctl --rotate --vacuum-time=1s >/dev/null 2>&1
modprobe -a virtio_net bridge veth xfs dm_snapshot dm_thin_pool dm_raid
sync
find /var/lib/containerd -path '*/usr/local/bin/node' -exec cat {} + >/dev/null
cat /usr/local/bin/kubelet /usr/local/bin/containerd-shim-runc-v2 /usr/sbin/runc /opt/cni/bin/* /usr/sbin/lvm >/dev/null
`;

/**
 * Boots the root disk in `directory` up to a running containerd with all preloaded images, and saves the machine beside it.
 * Its memory stays in a file that restored machines map privately, so that restoring costs no time and equal pages no memory.
 */
export async function buildSnapshot(context: {
  readonly directory: string;
  readonly accelerator: Accelerator;
  readonly say: (detail: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { directory, accelerator, say, signal } = context;
  const files = imageFiles(directory);
  const [qmpSocket, agentSocket] = [join(directory, 'qmp.sock'), join(directory, 'agent.sock')];
  // The backing file's name is relative: the directory gets another name when it is complete.
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', 'root.raw', '-F', 'raw', files.goldenDisk], {
    cwd: directory,
  });
  const machine = await startDaemon({
    name: 'golden',
    file: files.emulator,
    args: machineArguments({
      ...goldenSize,
      accelerator,
      name: 'golden',
      uuid: '00000000-0000-4000-8000-000000000000',
      kernel: files.kernel,
      initramfs: files.initramfs,
      rootDisk: files.goldenDisk,
      qmpSocket,
      agentSocket,
      consoleLog: join(directory, 'console.log'),
      memory: { kind: 'shared-file', file: files.goldenMemory },
    }),
    runDir: directory,
    logFile: join(directory, 'qemu.log'),
  });
  try {
    await waitForAgent(agentSocket, 180_000, signal);
    say('booted');
    const prepared = await execInGuest(agentSocket, ['sh', '-c', prepareGuest], { signal, timeoutMs: 600_000 });
    if (prepared.exitCode !== 0) throw new Error(`the golden machine could not be prepared:\n${prepared.stderr}`);
    say('prepared');
    await withQmp(qmpSocket, signal, (qmp) => saveMachine(qmp, files.goldenState));
  } finally {
    await machine.stop();
    await Promise.all(
      [qmpSocket, agentSocket, join(directory, 'pids')].map((path) => rm(path, { recursive: true, force: true })),
    );
  }
}

/** Stops a machine whose memory lies in a shared file and writes the state of its devices to a file. */
export async function saveMachine(qmp: Qmp, stateFile: string): Promise<void> {
  await qmp.execute('stop');
  await qmp.execute('migrate-set-capabilities', {
    capabilities: [{ capability: 'x-ignore-shared', state: true }],
  });
  await qmp.execute('migrate', { uri: `exec:cat > '${stateFile}'` });
  for (;;) {
    const { status, ...rest } = (await qmp.execute('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') {
      throw new Error(`the machine could not be saved: ${rest['error-desc'] ?? status}`);
    }
    await delay(50);
  }
}
