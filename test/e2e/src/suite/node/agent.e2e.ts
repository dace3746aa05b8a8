import { DRIVER_NAME } from '@berth/contract/names';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRunning, list } from '../../api.ts';
import type { Stage } from '../../demo/acts.ts';
import { readNodeStorage } from '../../storage-facts.ts';
import { logicalVolumes, nodeOf, output } from '../../volume-facts.ts';
import { deleteClaimAndPod, oneClaimAndPod } from '../one-claim.ts';
import { holdNodes, waitingOn } from '../suite-bed.ts';

const NODE = 'node-1';
/** Where kubelet finds the agent. */
const SOCKET = '/var/lib/kubelet/plugins_registry/csi.storage.io-reg.sock';

let stage: Stage;

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('agent');
});

const waitFor = waitingOn(() => stage);

/** The class of the published system, unchanged, and what uses it. */
const CLAIM_AND_POD = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: published }
provisioner: csi.storage.io
parameters:
  csi.storage.io/disk-type: nvme
  csi.storage.k8s.io/fstype: xfs
mountOptions: [rw]
allowVolumeExpansion: true
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
---${oneClaimAndPod('published', NODE)}`;

const podRuns = async () => {
  const pods = await list(stage.bed, 'pods', '-n', stage.namespace);
  return pods.length === 1 && pods.every(isRunning) ? 'done' : `the pod is ${pods[0]?.status?.phase}`;
};

const proof = async () =>
  (await stage.bed.kubectl(['-n', stage.namespace, 'exec', 'one', '--', 'cat', '/data/proof'])).trim();

/** The name by which kubelet says that the driver knows the node. */
const registeredAs = async () => {
  const node = (await list(stage.bed, 'csinodes')).find(({ metadata }) => metadata.name === NODE);
  return node?.spec.drivers?.find(({ name }) => name === 'csi.storage.io')?.nodeID;
};

describe('the agent', () => {
  it('is registered with kubelet', async () => {
    expect(await registeredAs()).toBe(NODE);
  });

  it('reports each disk with an identity, its medium, and who decided it', async () => {
    const { disks = [] } = (await readNodeStorage(stage.bed, NODE)) ?? {};
    const adopted = disks.filter(({ state }) => state === 'Adopted');
    expect(adopted.map(({ medium }) => medium).sort()).toEqual(['hdd', 'nvme', 'nvme', 'ssd']);
    for (const disk of adopted) {
      expect(disk.identity.tier).not.toBe('none');
      expect(disk.mediumDecidedBy).toBeTruthy();
    }
    const refused = disks.filter(({ state }) => state === 'Refused');
    for (const disk of refused) expect(disk.reason).toMatch(/\w+ \w+ \w+/);
  });

  it('serves the StorageClass of the published system unchanged', async () => {
    await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], CLAIM_AND_POD);
    await waitFor(podRuns);
    expect(await proof()).toBe('first');
  });

  it('finds its volumes and registers again after kill -9', async () => {
    const [pod] = await list(stage.bed, 'pods', '-n', stage.namespace);
    const node = nodeOf(stage.bed, pod?.spec.nodeName ?? '');
    const killed = await node.exec(['pkill', '-9', '-f', 'agent.js']);
    expect(killed.exitCode).toBe(0);
    await stage.bed.kubectl(['-n', stage.namespace, 'delete', 'pod', 'one', '--wait=true']);
    await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], CLAIM_AND_POD);
    await waitFor(podRuns);
    expect(await proof()).toBe('first');
  });

  it('registers again when the directory of registrations is emptied under it', async () => {
    const node = nodeOf(stage.bed, NODE);
    // An inode number alone may be given again.
    const socket = async () => (await node.exec(['stat', '-c', '%i %w', SOCKET])).stdout;
    const before = await socket();
    await output(node, ['rm', SOCKET]);
    await waitFor(async () => (['', before].includes(await socket()) ? 'there is no new socket for kubelet' : 'done'));
    await waitFor(async () => ((await registeredAs()) === NODE ? 'done' : 'kubelet has not registered the driver'));
  });

  it('removes everything when pod and claim are deleted', async () => {
    await deleteClaimAndPod(stage);
    await stage.bed.kubectl(['delete', 'storageclass', 'published']);
  });

  it('leaves nothing when a claim is deleted while its volume is being made', async () => {
    await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], CLAIM_AND_POD);
    await waitFor(async () =>
      (await list(stage.bed, 'logicalvolumes')).some(({ spec }) => spec.nodeName === NODE)
        ? 'done'
        : 'there is no LogicalVolume yet',
    );
    await deleteClaimAndPod(stage);
    await stage.bed.kubectl(['delete', 'storageclass', 'published']);
  });
});

describe('a logical volume of ours that no object stands for', () => {
  const NAME = 'forgotten';
  const GROUP = 'csi-vg-hdd';
  const ELEVEN_MINUTES_MS = 11 * 60_000;

  const orphanIn = async () => {
    const groups = (await readNodeStorage(stage.bed, NODE))?.groups ?? [];
    const at = groups.findIndex(({ name }) => name === GROUP);
    return { path: `/status/groups/${at}/orphans/0/since`, orphan: groups[at]?.orphans?.[0] };
  };
  const isOnDisk = async () => (await logicalVolumes(nodeOf(stage.bed, NODE))).some(({ lv_name }) => lv_name === NAME);
  const patch = (type: 'json' | 'merge', change: object, ...more: string[]) =>
    stage.bed.kubectl(['patch', 'nodestorage', NODE, `--type=${type}`, '-p', JSON.stringify(change), ...more]);
  const hasEvent = (reason: string) =>
    waitFor(async () => {
      const events = await list(stage.bed, 'events', '-A', '--field-selector', `reason=${reason}`);
      return events.some(({ message }) => message.includes(NAME)) ? 'done' : `there is no event ${reason}`;
    });

  it('is shown, and kept until it has been one for ten minutes and an operator wants it removed', async () => {
    const node = nodeOf(stage.bed, NODE);
    await output(node, ['lvcreate', '--yes', '--size', '64m', '--addtag', DRIVER_NAME, '--name', NAME, GROUP]);
    await hasEvent('OrphanFound');
    expect((await orphanIn()).orphan).toMatchObject({ name: NAME, size: '64Mi' });
    await patch('merge', { spec: { removeOrphans: [NAME] } });
    await hasEvent('OrphanKept');
    expect(await isOnDisk()).toBe(true);

    // The agent that dies here leaves the next one an orphan that is old enough.
    await output(node, ['pkill', '-STOP', '-f', 'agent.js']);
    const since = new Date(Date.now() - ELEVEN_MINUTES_MS).toISOString();
    await patch('json', [{ op: 'replace', path: (await orphanIn()).path, value: since }], '--subresource=status');
    await output(node, ['pkill', '-KILL', '-f', 'agent.js']);
    await patch('merge', { spec: { removeOrphans: [NAME] } });
    await hasEvent('OrphanRemoved');
    expect(await isOnDisk()).toBe(false);
    await waitFor(async () => ((await orphanIn()).orphan === undefined ? 'done' : 'it is still said to be an orphan'));
  });
});
