import { list } from '../api.ts';
import type { Stage } from '../demo/acts.ts';
import { waitUntil } from '../wait.ts';

const NAMESPACE = 'berth-system';
const USUAL = 'berth-agent';
const OWN = 'berth-agent-own-group';
const HOSTNAME = 'kubernetes.io/hostname';

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [{ readonly env: readonly object[] }];
        readonly nodeSelector: object;
        readonly affinity?: object;
      };
    };
  };
}

/** The agent of one node, which its own DaemonSet can start with other settings: as on nodes of another kind (docs/disks.md). */
export const createOwnAgent = ({ bed, signal }: Stage, node: string) => {
  const kubectl = (args: readonly string[], input?: string) => bed.kubectl(['-n', NAMESPACE, ...args], input);
  const patch = (spec: object) =>
    kubectl(['patch', 'daemonset', USUAL, '--type=merge', '-p', JSON.stringify({ spec })]);
  /** Returns when so many agents run on the node, and are ready. */
  const hasAgents = (wanted: number) =>
    waitUntil(
      async () => {
        const pods = await list(bed, 'pods', '-n', NAMESPACE, '--field-selector', `spec.nodeName=${node}`);
        const ready = pods.filter(({ status }) => status?.containerStatuses?.every((each) => each.ready) ?? false);
        return pods.length === wanted && ready.length === wanted
          ? 'done'
          : `${node} has ${pods.length} agents, ${ready.length} of them ready, not ${wanted}`;
      },
      { timeoutMs: 180_000, signal },
    );

  return {
    /** Ends the usual agent of the node; those of the others go on, as they would not if their DaemonSet replaced them. */
    end: async (): Promise<void> => {
      const elsewhere = { key: HOSTNAME, operator: 'NotIn', values: [node] };
      const terms = { nodeSelectorTerms: [{ matchExpressions: [elsewhere] }] };
      const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
      await patch({ updateStrategy: { type: 'OnDelete', rollingUpdate: null }, template: { spec: { affinity } } });
      await hasAgents(0);
    },
    /** Starts one with this environment too. */
    start: async (environment: Readonly<Record<string, string>>): Promise<void> => {
      const usual = JSON.parse(await kubectl(['get', 'daemonset', USUAL, '-o', 'json'])) as DaemonSet;
      const { affinity: _, ...pod } = usual.spec.template.spec;
      const [container] = pod.containers;
      const env = [...container.env, ...Object.entries(environment).map(([name, value]) => ({ name, value }))];
      const labels = { 'app.kubernetes.io/component': OWN };
      const spec = { ...pod, containers: [{ ...container, env }], nodeSelector: { [HOSTNAME]: node } };
      const daemonSet = {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: OWN },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      };
      await kubectl(['apply', '-f', '-'], JSON.stringify(daemonSet));
      await hasAgents(1);
    },
    /** Gives the node its usual agent back; repeatable. */
    restore: async (): Promise<void> => {
      // Until its pods are gone too.
      await kubectl(['delete', 'daemonset', OWN, '--ignore-not-found', '--cascade=foreground', '--wait=true']);
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
      await patch({ updateStrategy, template: { spec: { affinity: null } } });
      await hasAgents(1);
    },
  };
};
