type Labels = Readonly<Record<string, string>> | undefined;

/** Node labels that name the rack; the first that is present wins. */
export const RACK_LABELS = ['topology.kubernetes.io/rack', 'esaas.hosts.rack', 'topology.kubernetes.io/zone'] as const;

/** Pod labels that name the application cluster, each with the key of the member's role; the first that is present wins. */
export const APPLICATION_LABELS = [
  { cluster: 'elasticsearch.k8s.elastic.co/cluster-name', role: 'elasticsearch.k8s.elastic.co/statefulset-name' },
  { cluster: 'clickhouse.altinity.com/chi', role: 'clickhouse.altinity.com/cluster' },
  { cluster: 'es-cluster-name', role: 'role' },
  { cluster: 'app.kubernetes.io/instance', role: 'app.kubernetes.io/component' },
] as const;

/** An application cluster, and a role in it, whose members should not share a rack or host. */
export interface Application {
  readonly cluster: string;
  readonly role?: string;
}

/** The rack a node stands in, or undefined when no label says. */
export const rackOf = (labels: Labels, keys: readonly string[] = RACK_LABELS): string | undefined =>
  keys.map((key) => labels?.[key]).find((value) => value !== undefined && value !== '');

/** The application cluster a pod belongs to, or undefined when no label says. */
export const applicationOf = (labels: Labels): Application | undefined => {
  const found = APPLICATION_LABELS.find((keys) => labels?.[keys.cluster]);
  const cluster = found && labels?.[found.cluster];
  if (found === undefined || cluster === undefined) return undefined;
  const role = labels?.[found.role];
  return role === undefined ? { cluster } : { cluster, role };
};
