import { access } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { chooseAccelerator, trialBoot } from './accelerator.ts';

const signal = new AbortController().signal;
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const hasQemu = await exists('/usr/bin/qemu-system-x86_64');
const hasKvm = await exists('/dev/kvm');

if (!hasQemu) console.log('the trial boots are skipped: QEMU is installed by the first start of a bed');
test.runIf(hasQemu)('a trial boot sees the firmware of an emulated machine', async () => {
  expect(await trialBoot('tcg', signal)).toBe(true);
});

test.runIf(hasQemu)('a trial boot says no where the machine ends at once', async () => {
  if (!hasKvm) expect(await trialBoot('kvm', signal)).toBe(false);
  expect(await trialBoot('none' as 'tcg', signal)).toBe(false);
});

// Where there is a device, only a trial tells.
test.runIf(hasQemu || !hasKvm)('KVM is not chosen where there is none', async () => {
  const { accelerator, because } = await chooseAccelerator(signal);
  expect(because).toContain(accelerator === 'kvm' ? 'KVM' : 'emulated');
  if (!hasKvm) expect(because).toBe('emulated, because there is no /dev/kvm here');
});
