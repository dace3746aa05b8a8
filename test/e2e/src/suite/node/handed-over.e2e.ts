import type { Node } from '@berth/bed/node/node';
import { DRIVER_NAME } from '@berth/contract/names';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { readNodeStorage } from '../../storage-facts.ts';
import { nodeOf, output } from '../../volume-facts.ts';
import { deleteClaimAndPod, oneClaimAndPod } from '../one-claim.ts';
import { createOwnAgent } from '../own-agent.ts';
import { holdNodes, waitingOn } from '../suite-bed.ts';

const NODE = 'node-3';
const GROUP = 'vg-own';
const USUAL_GROUP = 'csi-vg-ssd';
/** What they have in their group already. */
const THEIRS = 'root';
/** Berth takes no volume of a RAID controller by itself. */
const RAID = { vendor: 'AVAGO', model: 'MR9361-8i' };

let stage: Stage;
let node: Node;
let agent: ReturnType<typeof createOwnAgent>;

const openStage = holdNodes([NODE]);
const waitFor = waitingOn(() => stage);

const statusOf = () => readNodeStorage(stage.bed, NODE);
const ofRaid = async () => (await statusOf())?.disks?.find(({ model }) => model === RAID.model);
const onNode = async (...argv: string[]) => (await output(node, argv)).trim();
const tagOfGroup = () => onNode('vgs', '--noheadings', '-o', 'vg_tags', GROUP);
/** Name and tags of each logical volume in their group. */
const volumes = async () =>
  (await onNode('lvs', '--noheadings', '--separator', ' ', '-o', 'lv_name,lv_tags', GROUP))
    .split('\n')
    .map((line) => line.trim());
const proof = async () =>
  (await stage.bed.kubectl(['-n', stage.namespace, 'exec', 'one', '--', 'cat', '/data/proof'])).trim();

beforeAll(async () => {
  stage = await openStage('handed-over');
  node = nodeOf(stage.bed, NODE);
  agent = createOwnAgent(stage, NODE);
  await node.plugDisk({ name: 'raid', medium: 'hdd', size: '2G', serial: 'raid-of-theirs', saysItIs: RAID });
  await waitFor(async () => ((await ofRaid())?.state === 'Refused' ? 'done' : 'the disk has not been looked at'));
  await onNode('vgcreate', GROUP, (await ofRaid())?.path ?? '');
  await onNode('lvcreate', '--yes', '--size', '64m', '--name', THEIRS, GROUP);
  await agent.end();
  const disk = await onNode('pvs', '--noheadings', '-o', 'pv_name', '-S', `vg_name=${USUAL_GROUP}`);
  await onNode('vgremove', USUAL_GROUP);
  await onNode('pvremove', disk);
  await agent.start({ BERTH_VOLUME_GROUPS: `ssd=${GROUP}` });
});

afterAll(async () => {
  await agent.restore();
  await onNode('vgremove', '--yes', GROUP);
  await node.pullDisk('raid');
  await waitFor(async () => {
    const groups = (await statusOf())?.groups ?? [];
    return groups.some(({ name }) => name === USUAL_GROUP) ? 'done' : `there is no ${USUAL_GROUP} again`;
  });
});

describe('a volume group of an operator’s own, handed over for a medium', () => {
  it('is told with its UUID and its room, and no other disk of the medium is taken', async () => {
    await waitFor(async () => ((await statusOf())?.handedOver?.[0]?.uuid ? 'done' : 'the group is not taken over'));
    const { handedOver, groups = [], disks = [] } = (await statusOf()) ?? {};
    const uuid = await onNode('vgs', '--noheadings', '-o', 'vg_uuid', GROUP);
    expect(handedOver).toEqual([{ medium: 'ssd', name: GROUP, uuid }]);
    expect(groups.find(({ medium }) => medium === 'ssd')).toMatchObject({ name: GROUP, foreign: '64Mi' });
    expect((await ofRaid())?.state).toBe('HandedOver');
    const usual = disks.find(({ medium, state }) => medium === 'ssd' && state !== 'HandedOver');
    expect(usual).toMatchObject({ state: 'Refused', reason: expect.stringContaining(GROUP) });
  });

  it('holds the volume of a pod beside what is in it, and is not marked', async () => {
    await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], oneClaimAndPod('berth-ssd', NODE));
    await stage.bed.kubectl(['-n', stage.namespace, 'wait', '--for=condition=Ready', 'pod/one', '--timeout=180s']);
    expect(await proof()).toBe('first');
    expect(await volumes()).toEqual([expect.stringMatching(new RegExp(`^pvc-\\S+ .*${DRIVER_NAME}`)), THEIRS]);
    expect(await tagOfGroup()).toBe('');
  });

  it('that is handed over no more keeps the volume until its claim goes, and the rest for ever', async () => {
    await agent.restore();
    await waitFor(async () =>
      (await ofRaid())?.state === 'Refused' ? 'done' : `the disk is ${(await ofRaid())?.state}`,
    );
    expect(await proof()).toBe('first');
    await deleteClaimAndPod(stage);
    expect(await volumes()).toEqual([THEIRS]);
  });
});
