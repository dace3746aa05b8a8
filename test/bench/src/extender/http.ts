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
 * against a server that only parses and echoes. And the same with all names in both calls, as without a shortlist. Each
 * in turns with the echo, so that whatever else the machine does hits both.
 */
export const benchHttp = async (signal: AbortSignal): Promise<Result[]> => {
  const body = requestBody(nodeNames(NODES));
  const shortlisted = await inTurns(signal, async (ask) => {
    const { NodeNames } = JSON.parse(await ask('/filter', body)) as Filtered;
    await ask('/prioritize', requestBody(NodeNames));
  });
  const all = await inTurns(signal, (ask) => askBoth(ask, body));
  const [tail, echoTail] = [shortlisted.ours, shortlisted.echo].map((times) => quantile(times, 0.99) / median(times));
  return [
    against('extender: filter 5,000 names, prioritize the shortlist; against an echo of both', shortlisted),
    againstGoal('extender: filter 5,000 names, prioritize the shortlist; p99 / p50', tailGoal(tail)),
    againstGoal('echo: the same p99 / p50, which is what the machine is like', tailGoal(echoTail)),
    against('extender: filter 5,000 names, prioritize 5,000; against an echo of both', all),
  ];
};

/** Milliseconds, one number a round. */
interface Times {
  readonly ours: readonly number[];
  readonly echo: readonly number[];
}

const against = (name: string, { ours, echo }: Times): Result =>
  againstFloor(name, { value: median(ours), floor: median(echo), unit: 'ms', goal: 1.5 });

const tailGoal = (value = Number.NaN) => ({ value, unit: '×', goal: 3 });

/** Asks a server, and gives its answer. */
type Ask = (path: string, body: string) => Promise<string>;

const askBoth = async (ask: Ask, body: string): Promise<void> => {
  for (const path of ['/filter', '/prioritize']) await ask(path, body);
};

/** The time of what is asked of the extender, and of the two calls with all names to the echo. */
const inTurns = async (signal: AbortSignal, decide: (ask: Ask) => Promise<void>): Promise<Times> => {
  const start = (file: string) => startNodeProcess(join(import.meta.dirname, file), [String(NODES)], signal);
  const [subject, echo] = await Promise.all([start('subject.process.ts'), start('echo.process.ts')]);
  const agent = new Agent({ keepAlive: true });
  const body = requestBody(nodeNames(NODES));
  const timed = async (program: NodeProcess, work: (ask: Ask) => Promise<void>): Promise<number> => {
    const startedMs = performance.now();
    await work((path, sent) => post(agent, program, { path, body: sent }));
    return performance.now() - startedMs;
  };
  try {
    const times: { ours: number[]; echo: number[] } = { ours: [], echo: [] };
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      signal.throwIfAborted();
      const ours = await timed(subject, decide);
      const floor = await timed(echo, (ask) => askBoth(ask, body));
      if (round < WARM_UP) continue;
      times.ours.push(ours);
      times.echo.push(floor);
    }
    return times;
  } finally {
    agent.destroy();
    await Promise.all([subject, echo].map((program) => program.stop()));
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
