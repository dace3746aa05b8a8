import type { BedContext } from '@berth/bed/bed-parts';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient, type FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { makeCertificate } from '@berth/runtime/testing/certificate';
import { againstGoal, type Result } from '../result.ts';
import { median } from '../statistics.ts';
import { type AgentProcess, installAgent, type Place, startAgentProcess } from './agent-process.ts';
import { startApiServer } from './api-server.ts';
import { IDLE_MS, observe, untilQuiet } from './idle.ts';
import { createPlayedNode, NODE, type PlayedNode, uidOf, VOLUME_GIB } from './node.ts';

const VOLUMES = 100;
const STARTS = 7;

/**
 * The bundled agent on a played node with so many volumes, before a played API server: how soon it answers Probe, and what it
 * does while nothing happens but kubelet's probes and the scrapes of its metrics.
 */
export const benchAgent = async ({ paths, progress, signal }: BedContext): Promise<Result[]> => {
  const node = await createPlayedNode(VOLUMES);
  try {
    const certificate = await makeCertificate(node.directory, { altNames: ['IP:127.0.0.1'] });
    const client = await createCluster(node);
    const api = await startApiServer(client, certificate);
    const place: Place = { node, repository: paths.repository, apiPort: api.port, signal };
    try {
      await progress.step('Bundle the agent', () => installAgent(place, certificate.cert));
      await progress.step(`Report ${VOLUMES} volumes`, () => withAgent(place, () => untilQuiet(client, signal)));
      const starts: number[] = [];
      await progress.step(`Start it ${STARTS} times`, async () => {
        for (let round = 0; round < STARTS; round += 1) {
          starts.push(await withAgent(place, async ({ probedAfterMs }) => probedAfterMs));
        }
      });
      const idle = await progress.step(`Leave it alone for ${IDLE_MS / 1000} s`, () =>
        withAgent(place, async (agent) => {
          await untilQuiet(client, signal);
          return await observe(agent, { node, client, signal });
        }),
      );
      const goal = (name: string, value: number, unit: string, most: number) =>
        againstGoal(`agent: ${name}`, { value, unit, goal: most });
      return [
        goal('start to its first answer to Probe', median(starts) / 1000, 's', 1),
        goal(`LVM commands at idle, ${VOLUMES} volumes`, idle.lvmCommands, 'a minute', 1),
        goal('writes to the API server at idle', idle.writes, '', 0),
        goal('processor time at idle, without the programs it runs', idle.cpuPercent, '%', 0.5),
        goal('resident memory at idle', idle.mebibytes, 'MiB', 90),
      ];
    } finally {
      api.stop();
    }
  } finally {
    await node.remove();
  }
};

/** An API server's objects: the node, and for each of its volumes one that nobody has reported on. */
const createCluster = async ({ volumes }: PlayedNode): Promise<FakeKubeClient> => {
  const client = createFakeKubeClient();
  await client.create(NODES, { metadata: { name: NODE } });
  for (const [index, name] of volumes.entries()) {
    await client.create(LOGICAL_VOLUMES, {
      metadata: { name, finalizers: [LOGICAL_VOLUME_FINALIZER] },
      spec: {
        nodeName: NODE,
        medium: 'nvme',
        size: `${VOLUME_GIB}Gi`,
        volumeMode: 'Filesystem',
        fsType: 'xfs',
        claim: { namespace: 'default', name: `data-${index}`, uid: uidOf(index) },
      },
    });
  }
  return client;
};

const withAgent = async <T>(place: Place, work: (agent: AgentProcess) => Promise<T>): Promise<T> => {
  const agent = await startAgentProcess(place);
  try {
    return await work(agent);
  } finally {
    await agent.stop();
  }
};
