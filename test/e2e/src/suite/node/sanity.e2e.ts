import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { conformanceFamily } from '@berth/bed/tool-families';
import { ensureTools } from '@berth/bed/tools';
import { beforeAll, describe, expect, it } from 'vitest';
import { bedContext } from '../../bed-context.ts';
import { controllerSocket } from '../../beside.ts';
import type { Stage } from '../../demo/acts.ts';
import { waitUntil } from '../../wait.ts';
import { awaitNothingLeft } from '../one-claim.ts';
import { holdNodes, suiteContext } from '../suite-bed.ts';

const NODE = 'node-1';
const CONTROLLER_PORT = 9813;
const GIB = 1024 ** 3;
const MINUTE_MS = 60_000;

let stage: Stage;
let image: string;

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('sanity');
  await stage.bed.kubectl(['apply', '-f', '-'], FILLER);
  const context = bedContext((line) => console.error(line), stage.signal);
  const suite = (await ensureTools(context, [conformanceFamily])).path('csi-sanity');
  image = await stage.bed.pushImage({
    name: 'registry.bed:5000/csi-sanity:dev',
    dockerfile: join(stage.repository, 'test/e2e/sanity/Dockerfile'),
    context: dirname(suite),
  });
  // Its socket is for processes beside it; the suite runs in a node.
  await stage.bed.startBeside({
    name: 'controller-csi-forward',
    file: process.execPath,
    args: [
      fileURLToPath(import.meta.resolve('@berth/bed/process/forward')),
      controllerSocket(suiteContext(stage.bed)),
      `0.0.0.0:${CONTROLLER_PORT}`,
    ],
  });
});

/** The suite says of no volume where it should be. With this one there, the node is the fullest, which the class prefers. */
const FILLER = `
apiVersion: csi.storage.io/v1alpha1
kind: LogicalVolume
metadata: { name: filler, finalizers: [csi.storage.io/logical-volume] }
spec:
  nodeName: ${NODE}
  medium: ssd
  size: 8Gi
  volumeMode: Block
  managedBy: csi
  claim: { namespace: '', name: '', uid: '' }
`;

const removeFiller = () => stage.bed.kubectl(['delete', 'logicalvolume', 'filler', '--wait=true', '--timeout=60s']);

interface SuiteRun {
  readonly name: string;
  readonly accessType: 'mount' | 'block';
  /** Ginkgo's: which of the suite's tests run, and how. */
  readonly options: readonly string[];
}

/** The suite as a pod on one node, with that node's socket of the agent and, through the network, the controller's. */
const suitePod = ({ name, accessType, options }: SuiteRun) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: parameters-${name} }
data:
  parameters.yaml: '{ "csi.storage.io/disk-type": ssd, "csi.storage.io/policy": concentrated }'
---
apiVersion: v1
kind: Pod
metadata: { name: suite-${name} }
spec:
  restartPolicy: Never
  nodeName: ${NODE}
  containers:
    - name: suite
      image: ${image}
      args:
        - --ginkgo.no-color
        - --ginkgo.v
${options.map((option) => `        - ${option}`).join('\n')}
        - --csi.endpoint=unix:///var/lib/kubelet/plugins/csi.storage.io/csi.sock
        - --csi.controllerendpoint=dns:///10.90.0.1:${CONTROLLER_PORT}
        - --csi.stagingdir=/var/lib/kubelet/plugins/sanity-${name}-stage
        - --csi.mountdir=/var/lib/kubelet/plugins/sanity-${name}-publish
        - --csi.testvolumeparameters=/etc/sanity/parameters.yaml
        - --csi.testvolumeaccesstype=${accessType}
        - --csi.testvolumesize=${GIB}
        - --csi.testvolumeexpandsize=${2 * GIB}
      securityContext: { privileged: true }
      volumeMounts:
        - { name: kubelet, mountPath: /var/lib/kubelet, mountPropagation: HostToContainer }
        - { name: parameters, mountPath: /etc/sanity }
  volumes:
    - { name: kubelet, hostPath: { path: /var/lib/kubelet } }
    - { name: parameters, configMap: { name: parameters-${name} } }
`;

/** Runs the suite and gives what it printed. */
const runSuite = async (suite: SuiteRun): Promise<string> => {
  const kubectl = (...args: string[]) => stage.bed.kubectl(['-n', stage.namespace, ...args]);
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], suitePod(suite));
  await waitUntil(
    async () => {
      const phase = await kubectl('get', 'pod', `suite-${suite.name}`, '-o', 'jsonpath={.status.phase}');
      return ['Succeeded', 'Failed'].includes(phase) ? 'done' : `the suite's pod is ${phase}`;
    },
    { timeoutMs: 9 * MINUTE_MS, signal: stage.signal },
  );
  const output = await kubectl('logs', `suite-${suite.name}`);
  await writeFile(join(stage.bed.logs, `csi-sanity-${suite.name}.log`), output);
  return output;
};

/** Fails with the suite's own account of what failed; the whole of it is in the bed's logs. */
const expectAllPassed = (output: string, least: number) => {
  const [, passed, failed] = /(\d+) Passed \| (\d+) Failed/.exec(output) ?? [];
  const account = output.slice(Math.max(0, output.search(/Summarizing \d+ Failure/)));
  expect(failed, account).toBe('0');
  expect(Number(passed), account).toBeGreaterThanOrEqual(least);
};

/** A test that counts the volumes of the whole cluster; tests on other nodes change their number. */
const COUNTS_ALL = 'check the presence of new volumes';

describe("the specification's conformance suite, with the agent's socket and the controller's", () => {
  it('passes for volumes with a file system', { timeout: 10 * MINUTE_MS }, async () => {
    const options = [`--ginkgo.skip=${COUNTS_ALL}`];
    expectAllPassed(await runSuite({ name: 'mount', accessType: 'mount', options }), 45);
  });

  it('passes for the list of volumes, once nobody else makes or removes one meanwhile', async () => {
    const options = [`--ginkgo.focus=${COUNTS_ALL}`, '--ginkgo.flake-attempts=5'];
    expectAllPassed(await runSuite({ name: 'list', accessType: 'mount', options }), 1);
  });

  it('passes for block volumes, as far as a node is concerned', { timeout: 10 * MINUTE_MS }, async () => {
    const options = ['--ginkgo.skip=Controller Service'];
    expectAllPassed(await runSuite({ name: 'block', accessType: 'block', options }), 20);
  });

  it('leaves nothing behind', async () => {
    await removeFiller();
    await awaitNothingLeft(stage);
  });
});
