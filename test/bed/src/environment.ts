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
    testsUntil: variables.BERTH_TESTS_UNTIL === undefined ? undefined : Number(variables.BERTH_TESTS_UNTIL),
    path: (variables.PATH ?? '').split(':').filter((entry) => entry !== ''),
    variables,
  };
}
