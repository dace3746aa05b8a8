import type { Bed } from '@berth/bed/bed';
import { demoNodes } from '@berth/bed/demo-nodes';
import type { Paths } from '@berth/bed/paths';
import { startBed } from '@berth/bed/start-bed';
import { formatBytes } from '@berth/contract/quantity';
import { list } from '../api.ts';
import { deployBerth } from '../deploy-berth.ts';
import { readAllocatable } from '../storage-facts.ts';
import type { VolumeFact } from '../volume-facts.ts';
import * as acts from './acts.ts';
import type { LiveProgress } from './live-progress.ts';
import { formatTable } from './table.ts';

export interface DemoContext {
  readonly paths: Paths;
  readonly progress: LiveProgress;
  readonly signal: AbortSignal;
  /** Leave the cluster running at the end. */
  readonly keep: boolean;
}

const BED = 'demo';

/** The whole demo; throws when anything it shows is not true. */
export const runDemo = async (context: DemoContext): Promise<void> => {
  const startedMs = Date.now();
  const { paths, progress, signal } = context;
  const bed = await startBed(
    { paths, progress, signal },
    { name: BED, nodes: demoNodes(3) },
    { leaveRunning: context.keep },
  );
  try {
    await deployBerth({ bed, repository: paths.repository, runDir: paths.run(BED), progress, signal });
    const upMs = Date.now();
    await playActs(context, bed);
    progress.print(
      `\nAll of it true. Cluster and Berth up in ${seconds(upMs - startedMs)}, shown in ${seconds(Date.now() - upMs)}.`,
    );
  } catch (error) {
    await collectLogs(context, bed);
    throw error;
  } finally {
    progress.print(`Logs of every process: ${bed.logs}`);
    if (context.keep) explainKept(context, bed);
    else await progress.step('End the cluster', () => bed.stop());
  }
};

const playActs = async (context: DemoContext, bed: Bed): Promise<void> => {
  const { progress } = context;
  const stage: acts.Stage = {
    bed,
    repository: context.paths.repository,
    namespace: 'default',
    nodes: [...bed.nodes.keys()],
    signal: context.signal,
  };
  const before = await readAllocatable(bed);
  await showNodes(context, bed);

  await progress.step('Apply the StatefulSet, wait for three members to run', async () => {
    await acts.applyElasticsearch(stage);
    await acts.awaitMembers(stage);
  });
  const facts = await acts.readMembers(stage);
  showVolumes(progress, facts);
  insist(await acts.findFaults(stage, facts));

  const content = `written at ${new Date().toISOString()}`;
  const found = await progress.step('Write a file, delete the pod, read the file in the next pod', () =>
    acts.surviveDeletion(stage, content),
  );
  insist(found === content ? [] : [`the file said "${found}" after the pod was deleted, not "${content}"`]);

  await progress.step('Delete the set and its claims: no logical volume is left, allocatable is as before', () =>
    acts.deleteElasticsearch(stage, before),
  );

  const why = await progress.step('Ask for 500 GiB of NVMe: the pod stays Pending', () => acts.askTooMuch(stage));
  progress.print(`  ${why}`);
};

const showNodes = async ({ progress }: DemoContext, bed: Bed): Promise<void> => {
  const storages = await list(bed, 'nodestorages');
  const rows = storages.flatMap(({ metadata, status }) =>
    (status?.groups ?? []).map((group) => [
      metadata.name,
      bed.nodes.get(metadata.name)?.rack ?? '',
      group.name,
      String(group.physicalVolumes.length),
      group.size,
      group.free,
    ]),
  );
  show(progress, 'What the agents found', formatTable(['NODE', 'RACK', 'VOLUME GROUP', 'DISKS', 'SIZE', 'FREE'], rows));
};

const showVolumes = (progress: LiveProgress, facts: readonly VolumeFact[]): void => {
  const rows = facts.map((fact) => [
    fact.pod,
    fact.node,
    fact.rack,
    fact.volumeGroup,
    `${fact.logicalVolume.slice(0, 12)}…`,
    fact.mountPoint,
    fact.fsType,
    formatBytes(fact.volumeBytes),
  ]);
  const head = ['POD', 'NODE', 'RACK', 'VOLUME GROUP', 'LOGICAL VOLUME', 'MOUNTED AT', 'FS', 'SIZE'];
  show(progress, 'Where the claims lie, read back from the nodes', formatTable(head, rows));
};

const show = (progress: LiveProgress, title: string, lines: readonly string[]): void =>
  progress.print(`\n  ${title}\n\n${lines.map((line) => `  ${line}`).join('\n')}\n`);

const insist = (faults: readonly string[]): void => {
  if (faults.length > 0) throw new Error(`not as it should be: ${faults.join('; ')}`);
};

const collectLogs = ({ progress }: DemoContext, bed: Bed): Promise<void> =>
  progress.step('Collect the logs of the nodes', async () => {
    await Promise.allSettled([...bed.nodes.values()].map((node) => node.collectLogs(bed.logs)));
  });

const explainKept = ({ progress }: DemoContext, bed: Bed): void =>
  progress.print(
    [
      'The cluster is still running. Look around:',
      `  export KUBECONFIG=${bed.kubeconfig}`,
      `  ${bed.tools.path('kubectl')} get nodestorages,logicalvolumes,pods -A`,
      `  scripts/bed exec --bed ${BED} node-1 lvs`,
      'Take it down:',
      `  scripts/bed down --bed ${BED}`,
    ].join('\n'),
  );

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
