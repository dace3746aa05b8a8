import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BedContext } from '@berth/bed/bed-parts';
import { run } from '@berth/bed/process/spawn';
import { parse, stringify } from 'yaml';
import { type Bare, withControlPlane } from '../control-plane/control-plane.ts';
import { furnish } from '../control-plane/furnish.ts';
import { againstFloor, type Result } from '../result.ts';
import { type Load, millisecondsPerPod } from './throughput.ts';

const NODES = 5_000;
const PODS = 500;
const ECHO_PORT = 9901;
const EXTENDER_PORT = 9443;

/**
 * The real kube-scheduler over so many nodes: how long a pod takes, of many that wait. It names 500 nodes a call, its own
 * sample. The plugin VolumeBinding is off in all of them, for nobody makes volumes here: what is measured is the deciding.
 * Four rounds, and the best time of each kind: whatever else the machine does only ever makes it slower. Every other round goes
 * backwards, for a load that comes later finds more pods on the nodes.
 */
export const benchScheduler = (context: BedContext): Promise<Result[]> =>
  withControlPlane(context, { bed: 'bench-scheduler' }, async (bare) => {
    const { progress, signal } = context;
    await progress.step(`Make ${NODES} nodes`, () => furnish(bare, { nodes: NODES, role: 'extender' }));
    await bare.kubectl(['apply', '-f', join(bare.repository, 'deploy/claims-only/mark-pods.yaml')]);
    await bare.startNode('echo', [join(import.meta.dirname, 'echo.process.ts'), String(ECHO_PORT)], 'listening');
    const extender = await startExtender(bare, signal);
    const loads: Readonly<Record<Kind, Pick<Load, 'withClaims' | 'config'>>> = {
      alone: { withClaims: false, config: configOf([]) },
      echo: { withClaims: true, config: configOf([{ urlPrefix: `http://127.0.0.1:${ECHO_PORT}`, ...MARKED }]) },
      claims: { withClaims: true, config: configOf([{ ...extender, ...MARKED }]) },
      others: { withClaims: false, config: configOf([extender]) },
      unmarked: { withClaims: false, config: configOf([{ ...extender, ...MARKED }]) },
    };
    const best: Record<Kind, number> = { ...NOTHING_YET };
    const kinds = Object.keys(loads) as Kind[];
    for (const [index, round] of ROUNDS.entries()) {
      for (const kind of index % 2 === 0 ? kinds : kinds.toReversed()) {
        const load = { ...loads[kind], prefix: `${kind}-${round}`, count: PODS };
        const time = await progress.step(`Schedule ${PODS} pods: ${load.prefix}`, () =>
          millisecondsPerPod(bare, load, signal),
        );
        best[kind] = Math.min(best[kind], time);
      }
    }
    const against = (kind: Kind, floor: Kind, { name, goal }: { name: string; goal: number }) =>
      againstFloor(`scheduler: ${name}`, { value: best[kind], floor: best[floor], unit: 'ms a pod', goal });
    return [
      against('claims', 'echo', { name: 'pods with claims, against an echo of names', goal: 1.11 }),
      against('others', 'alone', { name: 'pods without claims, asked about too, against no extender', goal: 1.05 }),
      against('unmarked', 'alone', { name: 'pods without claims, with claims-only, against no extender', goal: 1.05 }),
    ];
  });

type Kind = 'alone' | 'echo' | 'claims' | 'others' | 'unmarked';
const NEVER = Number.POSITIVE_INFINITY;
const NOTHING_YET = { alone: NEVER, echo: NEVER, claims: NEVER, others: NEVER, unmarked: NEVER };
const ROUNDS = ['first', 'second', 'third', 'fourth'];

interface Extender {
  readonly urlPrefix: string;
  readonly [setting: string]: unknown;
}

/** Pods with claims are marked in all loads; without this no node would do for them. As deploy/scheduler/kube-scheduler-config.yaml has it. */
const MARKED = { managedResources: [{ name: 'csi.storage.io/claims', ignoredByScheduler: true }] };

const configOf = (extenders: readonly Extender[]): string =>
  stringify({
    clientConnection: { qps: 5_000, burst: 5_000 },
    profiles: [
      { schedulerName: 'default-scheduler', plugins: { multiPoint: { disabled: [{ name: 'VolumeBinding' }] } } },
    ],
    extenders: extenders.map((extender) => ({
      ...{ filterVerb: 'filter', prioritizeVerb: 'prioritize', weight: 5, nodeCacheCapable: true },
      ...extender,
    })),
  });

/** The extender as it is deployed, under its own service account; gives the users' entry with its address here. */
const startExtender = async (bare: Bare, signal: AbortSignal): Promise<Extender> => {
  const { runDir, repository } = bare;
  const keys = join(runDir, 'extender');
  await run(join(repository, 'scripts/extender-certificate'), [keys, '127.0.0.1'], { signal });
  const credentials = await bare.writeKubeconfig('berth-extender');
  const flags = ['--port', String(EXTENDER_PORT), '--kubeconfig', credentials, '--log-level', 'info'];
  const files = ['--tls-cert', join(keys, 'tls.crt'), '--tls-key', join(keys, 'tls.key')];
  const program = join(repository, 'packages/extender/src/main.ts');
  await bare.startNode('extender', [program, ...flags, ...files], '"leading"');
  const users = parse(await readFile(join(repository, 'deploy/scheduler/kube-scheduler-config.yaml'), 'utf8')) as {
    extenders: Extender[];
  };
  return {
    ...users.extenders[0],
    urlPrefix: `https://127.0.0.1:${EXTENDER_PORT}`,
    tlsConfig: { caFile: join(keys, 'ca.crt') },
  };
};
