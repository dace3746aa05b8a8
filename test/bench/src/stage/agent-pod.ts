import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from '@berth/bed/bed';
import { loadNodeServices } from '@berth/csi/node-services';

/** Name of the pod in which a node's agent runs. */
export type AgentPod = string;

const NAMESPACE = 'berth-system';
const SOCKET = '/var/lib/kubelet/plugins/csi.storage.io/csi.sock';

/** The agent of a node. */
export const findAgent = async (bed: Bed, nodeName: string): Promise<AgentPod> => {
  const labels = 'app.kubernetes.io/component=agent';
  const selection = ['-l', labels, `--field-selector=spec.nodeName=${nodeName}`, '-o', 'name'];
  const [pod] = (await bed.kubectl(['-n', NAMESPACE, 'get', 'pods', ...selection])).trim().split('\n');
  if (!pod) throw new Error(`no agent runs on ${nodeName}`);
  return pod;
};

/** Calls a method of the Node service over the agent's own socket, as kubelet does. Throws when the agent answers with an error. */
export const callAgent = async (bed: Bed, pod: AgentPod, method: string, request: object): Promise<void> => {
  const definition = loadNodeServices().node[method];
  if (definition === undefined) throw new Error(`the Node service has no method ${method}`);
  const script = await readFile(join(import.meta.dirname, 'socket-call.process.ts'), 'utf8');
  const message = definition.requestSerialize(request).toString('base64');
  const program = ['/usr/local/bin/node', '--input-type=module', '-e', script, SOCKET, definition.path, message];
  const answer = await bed.kubectl(['-n', NAMESPACE, 'exec', pod, '-c', 'agent', '--', ...program]);
  if ((JSON.parse(answer) as { status: string }).status !== '0') throw new Error(`${method} answered ${answer.trim()}`);
};

/** How long the agent itself says that it took for a call for a volume, in seconds. */
export const secondsOfCall = async (
  bed: Bed,
  pod: AgentPod,
  { method, volume }: { method: string; volume: string },
): Promise<number> => {
  const log = await bed.kubectl(['-n', NAMESPACE, 'logs', pod, '-c', 'agent', '--tail=200']);
  const lines = log.split('\n').filter((line) => line.includes(volume) && line.includes('"call served"'));
  const calls = lines.map((line) => JSON.parse(line) as { method: string; code: string; seconds: number });
  const call = calls.find((each) => each.method === method && each.code === 'OK');
  if (call === undefined) throw new Error(`the agent's log has no ${method} of ${volume}`);
  return call.seconds;
};
