import { setTimeout as delay } from 'node:timers/promises';
import { findDaemon } from '@berth/bed/process/spawn';
import { CONTROLLER, startController } from '@berth/e2e/beside';
import { LEASES, LOGICAL_VOLUMES } from '@berth/kube/resources';
import { afterAll, describe, expect, it } from 'vitest';
import { CONTROLLER_SETTINGS } from '../plane.ts';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('over', [{ name: 'over-a', rack: 'r1', gib: 20 }]);

/** The longest that nobody works: the promise is 15 s. */
const TAKE_OVER_MS = 15_000;
const OTHER = `${CONTROLLER}-2`;

const holder = async () =>
  (await stage.client.get(LEASES, { namespace: 'berth-system', name: 'berth-controller' }))?.spec?.holderIdentity;
const start = (name: string) => startController(stage.plane.berth, { name, settings: CONTROLLER_SETTINGS });
const kill = async (name: string) => {
  const daemon = await findDaemon(stage.plane.berth.runDir, name);
  if (daemon === undefined) throw new Error(`${name} does not run`);
  process.kill(daemon.pid, 'SIGKILL');
  await daemon.stop();
};
const use = async (name: string) => {
  await stage.makeClaim({ name, className: 'berth-nvme' });
  await stage.makePod({ name, claims: [name] });
};

/** Other tests find the one that the set-up started. */
afterAll(async () => {
  await start(CONTROLLER);
  await kill(OTHER);
});

describe('a leading controller that is killed', () => {
  // The second kill hits the one that took over from the first, which has started as the other's stand-in.
  it.each([
    ['as soon as there is work', CONTROLLER, OTHER, 0],
    ['in the middle of it', OTHER, CONTROLLER, 400],
    ['near its end', CONTROLLER, OTHER, 1_200],
  ])('%s is followed within 15 s by the other, which finishes', async (_when, leader, other, afterMs) => {
    const [grows, goes, comes] = ['grows', 'goes', 'comes'].map((name) => `${name}-${afterMs}`) as [
      string,
      string,
      string,
    ];
    await start(other);
    await use(grows);
    await use(goes);
    await stage.isReady(grows);
    await stage.isReady(goes);
    const gone = (await stage.logicalVolumeOf(goes))?.metadata.name ?? '';
    const before = await holder();
    await Promise.all([stage.ask(grows, '2Gi'), stage.deletePod(goes), stage.deleteClaim(goes), use(comes)]);
    await delay(afterMs);
    await kill(leader);
    await stage.soon(holder, TAKE_OVER_MS).not.toBe(before);
    await stage.isReady(comes);
    await stage.soon(async () => (await stage.claim(grows))?.status?.capacity?.storage).toBe('2Gi');
    await stage.soon(() => stage.client.get(LOGICAL_VOLUMES, { name: gone })).toBeUndefined();
  });

  it('has left no volume twice and none too many', async () => {
    const { items } = await stage.client.list(LOGICAL_VOLUMES);
    const objects = items.map(({ metadata }) => metadata.name).sort();
    const onDisk = stage.node('over-a').machine.state.groups.flatMap(({ lvs }) => lvs.map(({ name }) => name));
    expect(onDisk.sort()).toEqual(objects);
    expect(objects).toHaveLength(6);
  });
});
