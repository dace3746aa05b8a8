import { demoNodes } from '@berth/bed/demo-nodes';
import { startBed } from '@berth/bed/start-bed';
import { deployBerth } from '@berth/e2e/deploy-berth';
import { runPowerCuts } from '@berth/e2e/power-cuts/power-cuts';
import fc from 'fast-check';
import type { Campaign } from './campaign.ts';

const BED = 'soak';
const NAMESPACE = 'power-cuts';
const CUTS = 20;
/** By then everything that was begun has ended, even in an emulated machine. */
const LATEST_MS = 20_000;

/** A virtual machine whose power is cut twenty times, at moments that follow from the seed. It takes the time it takes. */
export const runPowerCutCampaign: Campaign = async ({ seed, bed: context, say }) => {
  const { paths, progress, signal } = context;
  const delaysMs = fc.sample(fc.nat(LATEST_MS), { seed, numRuns: CUTS });
  const bed = await startBed(context, { name: BED, nodes: demoNodes(1) });
  try {
    await deployBerth({ bed, repository: paths.repository, runDir: paths.run(BED), progress, signal });
    await bed.kubectl(['create', 'namespace', NAMESPACE]);
    const stage = { bed, repository: paths.repository, namespace: NAMESPACE, nodes: [...bed.nodes.keys()], signal };
    const [node = ''] = bed.nodes.keys();
    const faults = await runPowerCuts(stage, { node, delaysMs, say });
    const again = `again: npm run soak -- power-cuts --seed ${seed}`;
    return { done: `${CUTS} cuts`, failure: faults.length === 0 ? undefined : [...faults, again].join('\n') };
  } finally {
    await Promise.allSettled([...bed.nodes.values()].map((node) => node.collectLogs(bed.logs)));
    say(`logs of every process: ${bed.logs}`);
    await bed.stop();
  }
};
