import { createHost } from '@berth/agent/host/host';
import { lvmBehaviour } from '@berth/agent/testing/lvm-behaviour';
import { createRealLvmPlace } from '@berth/agent/testing/real-lvm-place';
import type { Bed } from '@berth/bed/bed';
import type { Node } from '@berth/bed/node/node';
import type { Spawner } from '@berth/runtime/spawn';
import { afterAll, beforeAll } from 'vitest';
import { waitUntil } from '../../wait.ts';
import { holdNodes, openSuiteBed } from '../suite-bed.ts';

const NODE = 'node-3';
const DISKS = ['spare-0', 'spare-1'] as const;
/** Of test/e2e/deploy: keeps the agent away, which would take the spare disks first. */
const NO_AGENT = 'berth-test/no-agent';

let bed: Bed;
let node: Node;

/** Programs of a test's host are programs of the virtual machine. */
const spawnerIn = (machine: () => Node): Spawner => ({
  run: ([file = '', ...args], { timeoutMs, input }) =>
    machine().exec(['env', 'LC_ALL=C', file, ...args], { timeoutMs, ...(input !== undefined && { input }) }),
});

/** Links of the spare disks, once udev has made them. */
const links = async (): Promise<[string, string]> => {
  let found: (string | undefined)[] = [];
  await waitUntil(
    async () => {
      const { stdout } = await node.exec(['ls', '/dev/disk/by-id/']);
      found = DISKS.map((disk) => stdout.split('\n').find((name) => name.includes(disk)));
      return found.includes(undefined) ? `the links of ${DISKS.join(' and ')} are not among ${stdout}` : 'done';
    },
    { timeoutMs: 30_000, signal: new AbortController().signal },
  );
  const [first = '', second = ''] = found;
  return [`/dev/disk/by-id/${first}`, `/dev/disk/by-id/${second}`];
};

const agentsOn = async (name: string): Promise<number> => {
  const pods = await bed.kubectl([
    '-n',
    'berth-system',
    'get',
    'pods',
    '-o',
    'name',
    `--field-selector=spec.nodeName=${name}`,
  ]);
  return pods.split('\n').filter((pod) => pod.includes('berth-agent')).length;
};

const agentGone = (gone: boolean) =>
  waitUntil(
    async () =>
      ((await agentsOn(NODE)) === 0) === gone ? 'done' : `the agent of ${NODE} is ${gone ? 'still' : 'not'} there`,
    {
      timeoutMs: 120_000,
      signal: new AbortController().signal,
    },
  );

holdNodes([NODE]);

beforeAll(async () => {
  bed = await openSuiteBed();
  const found = bed.nodes.get(NODE);
  if (found === undefined) throw new Error(`the bed has no node ${NODE}`);
  node = found;
  await bed.kubectl(['label', 'node', NODE, `${NO_AGENT}=`, '--overwrite']);
  await agentGone(true);
  for (const name of DISKS) await node.plugDisk({ name, medium: 'nvme', size: '1G', serial: name });
});

afterAll(async () => {
  const host = createHost({ spawner: spawnerIn(() => node), prefix: [] });
  await createRealLvmPlace(host, await links());
  for (const name of DISKS) await node.pullDisk(name);
  await bed.kubectl(['label', 'node', NODE, `${NO_AGENT}-`]);
  await agentGone(false);
});

lvmBehaviour('real, in a virtual machine', async () =>
  createRealLvmPlace(createHost({ spawner: spawnerIn(() => node), prefix: [] }), await links()),
);
