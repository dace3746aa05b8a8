import { readConfig } from '@berth/runtime/config';
import { expect, it } from 'vitest';
import { configSchema } from './config.ts';

it('needs no settings at all inside a cluster', async () => {
  expect(await readConfig(configSchema, { argv: [], env: {} })).toEqual({
    metricsPort: 9811,
    logLevel: 'info',
    namespace: 'berth-system',
    claims: 'on',
    recovery: 'on',
    healthChecks: 'off',
    nodeDeletedGraceSeconds: 300,
    nodeLostGraceSeconds: 900,
    recoveryRecordDays: 90,
    workers: 8,
    resyncSeconds: 600,
    orphanGraceSeconds: 600,
    weightRack: 5,
    weightHost: 3,
    weightRoom: 2,
    weightLoad: 1,
    agentSilentAfterSeconds: 300,
  });
});

it('takes flags before the environment', async () => {
  const env = { BERTH_METRICS_PORT: '1', BERTH_WORKERS: '2' };
  expect(await readConfig(configSchema, { argv: ['--metrics-port=0'], env })).toMatchObject({
    metricsPort: 0,
    workers: 2,
  });
});

it('refuses a grace so short that nobody could react', async () => {
  const argv = ['--orphan-grace-seconds=0'];
  await expect(readConfig(configSchema, { argv, env: {} })).rejects.toThrow(/orphanGraceSeconds/);
});
