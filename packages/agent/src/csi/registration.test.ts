import { existsSync, mkdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { createManualClock } from '@berth/runtime/manual-clock';
import { describe, expect, it } from 'vitest';
import { useCsi } from '../testing/csi-harness.ts';

const clock = createManualClock();
const csi = useCsi(clock);
const { call, path } = csi;

const REGISTRATION = 'plugins_registry/csi.storage.io-reg.sock';
const PLUGIN = 'plugins/csi.storage.io/csi.sock';

/** When the file was made; its inode number may be that of the one before it. */
const birth = (name: string): number => (existsSync(path(name)) ? statSync(path(name)).birthtimeMs : 0);

/** kubelet watches the directory: to it, a file that has gone and come is a plugin that starts. */
const reappears = async (name: string, before: number): Promise<void> => {
  await expect.poll(() => birth(name), { timeout: 5_000 }).toBeGreaterThan(before);
};

describe('the sockets that kubelet finds the driver by', () => {
  it.each([REGISTRATION, PLUGIN])('are there again after somebody removed the directory of %s', async (name) => {
    rmSync(path(name.split('/', 1)[0] ?? ''), { recursive: true });
    await clock.advance(10_000);
    await reappears(name, 0);
    await call('registration', 'GetInfo');
    await call('identity', 'Probe');
  });

  it('are opened again once what stands in their place is gone', async () => {
    rmSync(path(REGISTRATION));
    mkdirSync(path(REGISTRATION));
    await clock.advance(10_000);
    const reasons = () => (csi.logged as { err?: Error }[]).map(({ err }) => err?.message);
    await expect.poll(reasons).toContainEqual(expect.stringContaining('exists and is not a socket'));
    rmdirSync(path(REGISTRATION));
    await clock.advance(10_000);
    await reappears(REGISTRATION, 0);
    await call('registration', 'GetInfo');
  });

  it('stay as they are while all is well', async () => {
    const before = [birth(REGISTRATION), birth(PLUGIN)];
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: true });
    await clock.advance(600_000);
    expect([birth(REGISTRATION), birth(PLUGIN)]).toEqual(before);
  });
});

describe('a refusal by kubelet', () => {
  it('is answered with a new socket, after a pause that grows', async () => {
    const first = birth(REGISTRATION);
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: false, error: 'not now' });
    await clock.advance(1_999);
    expect(birth(REGISTRATION)).toBe(first);
    await clock.advance(1);
    await reappears(REGISTRATION, first);
    const second = birth(REGISTRATION);
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: false, error: 'not now' });
    await clock.advance(3_999);
    expect(birth(REGISTRATION)).toBe(second);
    await clock.advance(1);
    await reappears(REGISTRATION, second);
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: true });
    expect(csi.endpoint.refusal()).toBeUndefined();
  });
});
