import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as acts from '../demo/acts.ts';
import { readAllocatable } from '../storage-facts.ts';
import { openStage } from './suite-bed.ts';

let stage: acts.Stage;

beforeAll(async () => {
  stage = await openStage('placement');
});

describe('a claim larger than any node', () => {
  it('stays pending with an event that says why, with numbers', async () => {
    const message = await acts.askTooMuch(stage);
    expect(message).toMatch(/No node has room for .*: .*node-\d.*: nvme: needs 500 GiB, \S+ GiB free of/);
  });
});

describe('with one rack missing', () => {
  beforeAll(() => stage.bed.kubectl(['cordon', 'node-3']));
  afterAll(() => stage.bed.kubectl(['uncordon', 'node-3']));

  it('a set of three still runs, spread over the racks that are left', async () => {
    const before = await readAllocatable(stage.bed);
    await acts.applyElasticsearch(stage);
    await acts.awaitMembers(stage);
    const facts = await acts.readMembers(stage);
    const members = new Map(facts.map(({ pod, rack }) => [pod, rack]));
    expect([...members.values()].sort()).toSatisfy(
      (racks: string[]) => new Set(racks).size === 2 && racks.length === 3,
    );
    await acts.deleteElasticsearch(stage, before);
  });
});
