import { access, constants, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from '../process/spawn.ts';

/** What runs the guests' instructions: the host's processor, or QEMU's translator. */
export type Accelerator = 'kvm' | 'tcg';

const TRIAL_MS = 10_000;

/** KVM where a trial boot shows that it works. The sentence says why not, or that it does. */
export async function chooseAccelerator(signal: AbortSignal): Promise<{ accelerator: Accelerator; because: string }> {
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return { accelerator: 'tcg', because: 'emulated, because there is no /dev/kvm here' };
  // A /dev/kvm that is there may still fail: for want of rights, or inside a virtual machine that does not pass it on well.
  if (await trialBoot('kvm', signal)) return { accelerator: 'kvm', because: 'run by KVM' };
  return { accelerator: 'tcg', because: 'emulated, because a machine with KVM did not come to its firmware' };
}

/** Whether a machine without disks comes as far as its firmware's first words, within 10 s. */
export async function trialBoot(accelerator: Accelerator, signal: AbortSignal): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-trial-'));
  const words = join(directory, 'firmware.log');
  const machine = await startDaemon({
    name: 'trial',
    file: 'qemu-system-x86_64',
    args: [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc', '-accel', accelerator],
      ...['-cpu', accelerator === 'kvm' ? 'host' : 'max', '-m', '64'],
      ...['-chardev', `file,id=words,path=${words}`, '-device', 'isa-debugcon,iobase=0x402,chardev=words'],
    ],
    runDir: directory,
    logFile: join(directory, 'qemu.log'),
  });
  let ended = false;
  void machine.exited.then(() => {
    ended = true;
  });
  try {
    for (let waitedMs = 0; !ended && waitedMs < TRIAL_MS; waitedMs += 50) {
      if ((await readFile(words, 'utf8').catch(() => '')).includes('SeaBIOS')) return true;
      await delay(50, undefined, { signal });
    }
    return false;
  } finally {
    await machine.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
