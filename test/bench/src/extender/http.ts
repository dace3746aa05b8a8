import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { claim, pod } from '@berth/extender/testing/fixture';
import { type NodeProcess, startNodeProcess } from '../node-process.ts';
import { againstFloor, againstGoal, type Result } from '../result.ts';
import { median, quantile } from '../statistics.ts';
import { nodeNames } from './cluster.ts';

const NODES = 5_000;
const ROUNDS = 600;
const WARM_UP = 1_000;

/**
 * What kube-scheduler waits for, on a kept connection: filter of 5,000 names, then prioritize of those that filter left,
 * against a server that only parses and echoes. And the same with all names in both calls, as without a shortlist. All
 * in turns, so that whatever else the machine does hits each of them.
 */
export const benchHttp = async (signal: AbortSignal): Promise<Result[]> => {
  const start = (file: string) => startNodeProcess(join(import.meta.dirname, file), [String(NODES)], signal);
  const programs = await Promise.all([
    start('subject.process.ts'),
    start('subject.process.ts'),
    start('echo.process.ts'),
  ]);
  const agent = new Agent({ keepAlive: true });
  const body = requestBody(nodeNames(NODES));
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return performance.now() - startedMs;
  };
  const decide = async (program: NodeProcess): Promise<void> => {
    const { NodeNames } = JSON.parse(await post(agent, program, { path: '/filter', body })) as Filtered;
    await post(agent, program, { path: '/prioritize', body: requestBody(NodeNames) });
  };
  const decideAll = async (program: NodeProcess): Promise<void> => {
    for (const path of ['/filter', '/prioritize']) await post(agent, program, { path, body });
  };
  const [subject, subjectOfAll, echo] = programs;
  try {
    const [ours, all, floor]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      signal.throwIfAborted();
      if (round === WARM_UP) for (const times of [ours, all, floor]) times.splice(0);
      ours.push(await timed(() => decide(subject)));
      floor.push(await timed(() => decideAll(echo)));
      all.push(await timed(() => decideAll(subjectOfAll)));
    }
    const against = (name: string, times: readonly number[], goal: number) =>
      againstFloor(name, { value: median(times), floor: median(floor), unit: 'ms', goal });
    const tail = quantile(ours, 0.99) / median(ours);
    return [
      against('extender: filter 5,000 names, prioritize the shortlist; against an echo of both', ours, 1.5),
      against('extender: filter 5,000 names, prioritize 5,000; against an echo of both', all, 1.5),
      againstGoal('extender: filter 5,000 names, prioritize the shortlist; p99 / p50', {
        value: tail,
        unit: '×',
        goal: 3,
      }),
      againstGoal('echo: the same p99 / p50, which is what the machine is like', {
        value: quantile(floor, 0.99) / median(floor),
        unit: '×',
        goal: 3,
      }),
    ];
  } finally {
    agent.destroy();
    await Promise.all(programs.map((program) => program.stop()));
  }
};

interface Filtered {
  readonly NodeNames: readonly string[];
}

const requestBody = (NodeNames: readonly string[]): string =>
  JSON.stringify({ Pod: waitingPod(), Nodes: null, NodeNames });

/** A pod as the scheduler sends it, with the parts that nobody here reads. */
const waitingPod = () => {
  const { metadata, spec } = pod('waiting', ['data', 'log']);
  const container = { name: 'main', image: 'registry/app:1', env: [{ name: 'A', value: 'x'.repeat(2000) }] };
  return { metadata: { ...metadata, managedFields: claim('data') }, spec: { ...spec, containers: [container] } };
};

const post = (agent: Agent, program: NodeProcess, call: { path: string; body: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = program.hello as { port: number };
    const sent = request({ host: '127.0.0.1', port, path: call.path, method: 'POST', agent }, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`${call.path} answered ${response.statusCode}: ${answer}`));
      }, reject);
    });
    sent.on('error', reject);
    sent.end(call.body);
  });
