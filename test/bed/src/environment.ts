/** What the bed takes from the environment; nothing else in test/bed reads process.env. */
export interface Environment {
  /** Directory that survives beds (BERTH_CACHE); built tools and images lie in it. */
  readonly cache: string;
  /** Directory with ready-made control plane programs (KUBEBUILDER_ASSETS), if given. */
  readonly kubebuilderAssets: string | undefined;
  /** Name for the bed of a test run (BERTH_BED), so that several may run at once; each suite has a name of its own by default. */
  readonly bed: string | undefined;
  /** Seconds since 1970 after which no further file of tests begins (BERTH_TESTS_UNTIL), if given. */
  readonly testsUntil: number | undefined;
  /** Seconds that the API server is away in the tests of outages (BERTH_OUTAGE_SECONDS), if not as long as they say themselves. */
  readonly outageSeconds: number | undefined;
  /** Pods in the test of a burst (BERTH_BURST_PODS), a multiple of 100, if not as few as it says itself. */
  readonly burstPods: number | undefined;
  /** Directories of PATH, in order. */
  readonly path: readonly string[];
  /** Every variable, for handing on to child processes. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Reads the environment of this process. */
export function readEnvironment(): Environment {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) variables[name] = value;
  }
  return {
    cache: variables.BERTH_CACHE ?? '/var/cache/berth',
    kubebuilderAssets: variables.KUBEBUILDER_ASSETS,
    bed: variables.BERTH_BED,
    testsUntil: numberOf(variables.BERTH_TESTS_UNTIL),
    outageSeconds: numberOf(variables.BERTH_OUTAGE_SECONDS),
    burstPods: numberOf(variables.BERTH_BURST_PODS),
    path: (variables.PATH ?? '').split(':').filter((entry) => entry !== ''),
    variables,
  };
}

const numberOf = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));
