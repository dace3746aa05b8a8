import { beforeAll, describe, expect, it } from 'vitest';
import { list } from '../../api.ts';
import { extenderMetrics } from '../../beside.ts';
import * as acts from '../../demo/acts.ts';
import { readAllocatable } from '../../storage-facts.ts';
import { holdNodes } from '../suite-bed.ts';

let stage: acts.Stage;
let before: Awaited<ReturnType<typeof readAllocatable>>;

const openStage = holdNodes();

beforeAll(async () => {
  stage = await openStage('elasticsearch');
  before = await readAllocatable(stage.bed);
});

describe('an Elasticsearch-shaped set', () => {
  it('runs one member a rack, with its volumes in the right groups, as XFS of the right size', async () => {
    await acts.applyElasticsearch(stage);
    await acts.awaitMembers(stage);
    expect(await acts.findFaults(stage, await acts.readMembers(stage))).toEqual([]);
  });

  it('was placed by the extender that kube-scheduler called over TLS', async () => {
    const metrics = await (await fetch(`http://${await extenderMetrics(stage.bed)}/metrics`)).text();
    const filters = [
      ...metrics.matchAll(/^berth_extender_request_duration_seconds_count\{[^}]*verb="filter"[^}]*\} (\d+)$/gm),
    ];
    expect(filters.reduce((sum, [, count]) => sum + Number(count), 0)).toBeGreaterThanOrEqual(3);
  });

  it('mounts XFS with the options of the class and nouuid (trap 7)', async () => {
    for (const fact of await acts.readMembers(stage))
      expect(fact.fsOptions.split(',')).toEqual(expect.arrayContaining(['rw', 'nouuid']));
  });

  it('finds its data again after a pod was deleted', async () => {
    expect(await acts.surviveDeletion(stage, 'still here')).toBe('still here');
  });

  it('reports what the volumes take', async () => {
    const volumes = await list(stage.bed, 'logicalvolumes');
    expect(volumes.filter(({ status }) => status?.phase === 'Ready')).toHaveLength(6);
    expect(await readAllocatable(stage.bed)).not.toEqual(before);
  });

  it('leaves nothing behind when it is deleted with its claims', async () => {
    await acts.deleteElasticsearch(stage, before);
    expect(await readAllocatable(stage.bed)).toEqual(before);
  });
});

describe('a claim larger than any node', () => {
  it('stays pending with an event that says why, with numbers', async () => {
    expect(await acts.askTooMuch(stage)).toMatch(
      /No node has room for .*: .*node-\d.*: nvme: needs 500 GiB, \S+ GiB free of/,
    );
  });
});
