/** What the configuration's defaults come to, for tests. */
export const SETTINGS = {
  namespace: 'berth-system',
  claims: 'on',
  orphanGraceMs: 600_000,
  resyncMs: 600_000,
  workers: 2,
  recovery: {
    mode: 'on',
    healthChecks: 'off',
    keepRecordsMs: 90 * 24 * 3_600_000,
    times: { deletedGraceMs: 300_000, lostGraceMs: 900_000 },
  },
} as const;

/** The same of agents. */
export const AGENTS = { namespace: SETTINGS.namespace, silentAfterMs: 300_000 };
