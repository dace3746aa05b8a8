import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { runPowerCuts } from '../../power-cuts/power-cuts.ts';
import { awaitNothingLeft } from '../one-claim.ts';
import { holdNodes, openStage } from '../suite-bed.ts';

const NODE = 'node-2';

const MINUTES = 60_000;
/** While the volumes are made and grow, while their file systems do, and when all of it should be over. */
const DELAYS_MS = [1_500, 4_000, 9_000];

let stage: Stage;

holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('power-cuts', [NODE]);
});

describe('three power cuts of a node while volumes are made, grown, written to and removed', () => {
  it('lose no flushed file and leak no volume', { timeout: 15 * MINUTES }, async () => {
    expect(await runPowerCuts(stage, { node: NODE, delaysMs: DELAYS_MS, say: () => {} })).toEqual([]);
  });

  it('leave nothing when the pods and claims are deleted', async () => {
    for (const kind of ['pods', 'pvc']) {
      await stage.bed.kubectl(['-n', stage.namespace, 'delete', kind, '--all', '--wait=true', '--timeout=120s']);
    }
    await awaitNothingLeft(stage);
  });
});
