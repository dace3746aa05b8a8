import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import type { FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { memoryOf } from '../process-memory.ts';
import type { AgentProcess } from './agent-process.ts';
import { NODE, type PlayedNode } from './node.ts';

/** How long an agent is watched while nothing happens. */
export const IDLE_MS = 120_000;
const QUIET_MS = 15_000;
const PATIENCE_MS = 180_000;

const writesOf = (client: FakeKubeClient): number =>
  client.calls.filter((call) => !/^(GET|LIST|WATCH) /.test(call)).length;

/** Returns when all there is to tell has been told, and nothing has been written for a while. */
export const untilQuiet = async (client: FakeKubeClient, signal: AbortSignal): Promise<void> => {
  let [writes, sinceMs] = [-1, performance.now()];
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
    if (writesOf(client) !== writes) [writes, sinceMs] = [writesOf(client), performance.now()];
    if (performance.now() - sinceMs > QUIET_MS) {
      const { items } = await client.list(LOGICAL_VOLUMES);
      const { status } = (await client.get(NODE_STORAGES, { name: NODE })) ?? {};
      const [group] = status?.groups ?? [];
      // How busy the disk is can only be told at the second look, a minute after the first.
      if (items.every((each) => each.status?.phase === 'Ready') && group?.busyPercent !== undefined) return;
    }
    await delay(200, undefined, { signal });
  }
  throw new Error(`the agent has not reported its volumes, or not come to rest, within ${PATIENCE_MS / 1000} s`);
};

/** How often kubelet asks, as deploy/base/agent.yaml says, and Prometheus, as it does unless told. */
const CALLS = { readyz: 10_000, healthz: 30_000, metrics: 60_000 };

/** What an agent does in that time, asked by kubelet and Prometheus how it is. */
export const observe = async (
  { pid, metricsPort }: AgentProcess,
  { node, client, signal }: { node: PlayedNode; client: FakeKubeClient; signal: AbortSignal },
) => {
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/${path}`, { signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`/${path} answered ${response.status}: ${text}`);
  };
  const askOften = async (path: string, everyMs: number) => {
    for (let left = IDLE_MS; left > 0; left -= everyMs) {
      await ask(path);
      await delay(everyMs, undefined, { signal });
    }
  };
  // The first scrape begins to measure the process.
  await ask('metrics');
  const lvmCommands = async () => (await node.readCommands()).filter((line) => line.startsWith('lvm ')).length;
  const before = { commands: await lvmCommands(), writes: writesOf(client), seconds: await cpuSecondsOf(pid) };
  await Promise.all(Object.entries(CALLS).map(([path, everyMs]) => askOften(path, everyMs)));
  return {
    lvmCommands: ((await lvmCommands()) - before.commands) / (IDLE_MS / 60_000),
    writes: writesOf(client) - before.writes,
    cpuPercent: ((await cpuSecondsOf(pid)) - before.seconds) / (IDLE_MS / 100_000),
    mebibytes: (await memoryOf(pid)).now,
  };
};

/** Linux counts in hundredths of a second everywhere (sysconf(3), _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** Processor time so far, in the program itself and in the kernel for it: fields 14 and 15 of proc_pid_stat(5). */
const cpuSecondsOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name, in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};
