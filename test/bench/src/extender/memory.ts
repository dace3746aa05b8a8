import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleRoles } from '@berth/e2e/beside';
import { makeCertificate } from '@berth/runtime/testing/certificate';
import { startNodeProcess } from '../node-process.ts';
import { memoryOf } from '../process-memory.ts';
import { againstGoal, type Result } from '../result.ts';

const SIZE = { nodes: 5_000, volumes: 50_000 };
const PATIENCE_MS = 120_000;

/**
 * The bundled extender in a process of its own, fed by a stand-in for the API server in another one, up to ready. Both and this one
 * share the machine, so that the time includes making, sending and parsing some 400 MB of JSON.
 */
export const benchMemory = async (signal: AbortSignal): Promise<Result[]> => {
  await bundleRoles({ repository: REPOSITORY, signal });
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const { cert, key } = await makeCertificate(directory, { altNames: ['IP:127.0.0.1', 'DNS:localhost'] });
  const counts = [String(SIZE.nodes), String(SIZE.volumes)];
  const api = await startNodeProcess(
    join(import.meta.dirname, 'api-server.process.ts'),
    [cert, key, ...counts],
    signal,
  );
  try {
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigFor((api.hello as { port: number }).port, cert));
    const startedMs = performance.now();
    const extender = await startNodeProcess(EXTENDER, extenderFlags({ kubeconfig, cert, key }), signal, NODE_FLAGS);
    try {
      await untilReady((extender.hello as { metricsPort: number }).metricsPort, signal);
      const readySeconds = (performance.now() - startedMs) / 1000;
      const memory = await memoryOf(extender.pid);
      return [
        againstGoal('extender: start to ready, 5,000 nodes and 50,000 volumes', {
          value: readySeconds,
          unit: 's',
          goal: 10,
        }),
        againstGoal('extender: memory when ready, the same', { value: memory.now, unit: 'MiB', goal: 400 }),
        againstGoal('extender: most memory on the way there', { value: memory.peak, unit: 'MiB', goal: 400 }),
      ];
    } finally {
      await extender.stop();
    }
  } finally {
    await api.stop();
    await rm(directory, { recursive: true });
  }
};

/** As in deploy/base/extender.yaml. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--max-old-space-size=320'];

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');
const EXTENDER = join(REPOSITORY, 'dist/extender.js');

const extenderFlags = (files: { kubeconfig: string; cert: string; key: string }): string[] => [
  ...['--host', '127.0.0.1', '--port', '0', '--metrics-port', '0'],
  ...['--kubeconfig', files.kubeconfig, '--tls-cert', files.cert, '--tls-key', files.key],
];

const kubeconfigFor = (port: number, cert: string): string =>
  JSON.stringify({
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': cert } }],
    users: [{ name: 'bench', user: { token: 'none' } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  });

const untilReady = async (port: number, signal: AbortSignal): Promise<void> => {
  let said = '';
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal });
    if (response.ok) return;
    said = await response.text();
    await delay(50, undefined, { signal });
  }
  throw new Error(`the extender was not ready after ${PATIENCE_MS} ms: ${said}`);
};
