import { type Daemon, findDaemon } from '@berth/bed/process/spawn';
import { CONTROLLER, startController } from '@berth/e2e/beside';
import { LEASES } from '@berth/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLLER_SETTINGS } from '../plane.ts';
import { useStage } from '../testing/use-stage.ts';
import { openWriteGate, type WriteGate } from '../testing/write-gate.ts';

const ALONE = 'write-a';
const OF_SET = ['write-b', 'write-c', 'write-d'];
const MEMBERS = 2;
const stage = useStage(
  'write',
  [ALONE, ...OF_SET].map((name, index) => ({ name, rack: `r${index}`, gib: 10 })),
);
/** Each death costs a start of the controller. */
const PATIENCE_MS = 90_000;

let gate: WriteGate;
let controller: Daemon;
let controllerIs: 'safe' | 'mortal' | 'dying' = 'safe';
/** After which writes it has died since something began. */
let deaths: string[] = [];
let nextStarts = Promise.resolve();

const start = async () => {
  const settings = { ...CONTROLLER_SETTINGS, BERTH_KUBECONFIG: gate.kubeconfig };
  controller = await startController(stage.plane.berth, { settings });
};

/** The next one need not wait for the dead one's Lease to end: how long that takes is seen elsewhere. */
const startNext = async () => {
  await controller.stop();
  await stage.client.delete(LEASES, { namespace: 'berth-system', name: 'berth-controller' });
  await start();
  controllerIs = 'mortal';
};

const dieAfter = (write: string): 'answer' | 'silence' => {
  if (controllerIs === 'safe') return 'answer';
  if (controllerIs === 'mortal') {
    controllerIs = 'dying';
    deaths.push(write);
    process.kill(controller.pid, 'SIGKILL');
    nextStarts = startNext();
  }
  return 'silence';
};

/** Writes after which the controller died while this happened: each that was needed. */
const dyingAtEachWrite = async (happens: () => Promise<void>): Promise<string[]> => {
  deaths = [];
  controllerIs = 'mortal';
  await happens();
  await nextStarts;
  controllerIs = 'safe';
  return deaths;
};

beforeAll(async () => {
  await (await findDaemon(stage.plane.berth.runDir, CONTROLLER))?.stop();
  gate = await openWriteGate(stage.plane, dieAfter);
  await start();
});

afterAll(async () => {
  await controller.stop();
  await gate.close();
  await startController(stage.plane.berth, { settings: CONTROLLER_SETTINGS });
});

describe('a controller that is killed after each of its writes, before it hears that it is done', () => {
  it('binds a claim to one volume', async () => {
    const died = await dyingAtEachWrite(async () => {
      await stage.makeClaim({ name: 'data', className: 'berth-nvme' });
      await stage.makePod({ name: 'user', claims: ['data'], node: ALONE });
      await stage.soon(async () => (await stage.claim('data'))?.status?.phase, PATIENCE_MS).toBe('Bound');
      await stage.isReady('user');
    });
    expect(died).toEqual(expect.arrayContaining(['POST logicalvolumes', 'POST persistentvolumes']));
    expect(stage.volumesOn(ALONE)).toHaveLength(1);
  });

  it('grows it', async () => {
    const died = await dyingAtEachWrite(async () => {
      await stage.ask('data', '2Gi');
      await stage.soon(async () => (await stage.claim('data'))?.status?.capacity?.storage, PATIENCE_MS).toBe('2Gi');
    });
    const steps = ['PATCH persistentvolumeclaims/status', 'PATCH logicalvolumes', 'PATCH persistentvolumes'];
    expect(died).toEqual(expect.arrayContaining(steps));
    expect((await stage.logicalVolumeOf('data'))?.status?.size).toBe('2Gi');
  });

  it('removes it', async () => {
    const died = await dyingAtEachWrite(async () => {
      await stage.deletePod('user');
      await stage.deleteClaim('data');
      await stage.soon(stage.leftovers, PATIENCE_MS).toEqual([]);
    });
    expect(died).toEqual(expect.arrayContaining(['DELETE logicalvolumes', 'DELETE persistentvolumes']));
  });

  it('gives up the one volume of a lost node, once', async () => {
    // Kubernetes deletes the pods of such a node too, and may be first when the controller dies often before it comes to that.
    const what = { name: 'set', className: 'replaceable', replicas: MEMBERS, nodes: OF_SET };
    await stage.makeSet({ ...what, outlivesService: true });
    await stage.areReady('set', MEMBERS);
    const lostNode = (await stage.nodeOf('set-0')) ?? '';
    const [lost, other] = [await stage.claim('data-set-0'), await stage.claim('data-set-1')];
    const phases = async () => (await stage.recordsOf('set-0')).map(({ status }) => status?.phase);
    const died = await dyingAtEachWrite(async () => {
      await stage.node(lostNode).powerCut();
      await stage.takeOutOfService(lostNode);
      await stage.isElsewhere('set-0', lostNode);
      await stage.areReady('set', MEMBERS);
      await stage.soon(phases).toEqual(['Done']);
    });
    expect(died).toEqual(
      expect.arrayContaining(['POST volumerecoveries', 'DELETE persistentvolumeclaims', 'DELETE pods']),
    );
    expect((await stage.claim('data-set-0'))?.metadata?.uid).not.toBe(lost?.metadata?.uid);
    expect((await stage.claim('data-set-1'))?.metadata?.uid).toBe(other?.metadata?.uid);
    await stage.putBackInService(lostNode);
    await stage.soon(() => stage.volumesOn(lostNode)).toEqual([]);
  });
});
