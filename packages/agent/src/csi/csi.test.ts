import { existsSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useCsi } from '../testing/csi-harness.ts';
import { socketPaths } from './registration.ts';

const csi = useCsi();
const { call, path } = csi;

describe('registration with kubelet', () => {
  it('tells kubelet its name, socket and version, and keeps what kubelet answers', async () => {
    expect(await call('registration', 'GetInfo')).toEqual({
      type: 'CSIPlugin',
      name: 'csi.storage.io',
      endpoint: path('plugins/csi.storage.io/csi.sock'),
      supportedVersions: ['1.0.0'],
    });
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: false, error: 'no' });
    expect(csi.endpoint.refusal()).toContain('no');
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: true });
    expect(csi.endpoint.refusal()).toBeUndefined();
  });

  it('answers NodeGetInfo, GetPluginInfo and Probe without running any program', async () => {
    expect(await call('node', 'NodeGetInfo')).toMatchObject({
      nodeId: 'node-1',
      accessibleTopology: { segments: { 'topology.csi.storage.io/node': 'node-1' } },
    });
    expect(await call('identity', 'GetPluginInfo')).toMatchObject({ name: 'csi.storage.io' });
    expect(await call('identity', 'Probe')).toMatchObject({ ready: { value: true } });
    expect(csi.machine.state.commands).toEqual([]);
  });
});

describe('the socket', () => {
  it('replaces the file of a killed process and is open to its owner only', async () => {
    await csi.endpoint.close();
    const file = socketPaths(join(csi.directory, 'kubelet')).plugin;
    const stale = createServer().listen(`${file}.tmp`);
    await new Promise((resolve) => stale.once('listening', resolve));
    renameSync(`${file}.tmp`, file);
    await new Promise((resolve) => stale.close(resolve));
    expect(existsSync(file)).toBe(true);
    await csi.start();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await call('identity', 'Probe');
  });

  it('refuses to push aside a process that answers', async () => {
    await expect(csi.start()).rejects.toThrow('another process already serves');
  });

  it('refuses a path that the kernel would cut', async () => {
    await expect(csi.start(join(csi.directory, 'x'.repeat(100)))).rejects.toThrow('longer than 107 bytes');
  });
});
