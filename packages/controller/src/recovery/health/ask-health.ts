import { AppError, toAppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { SECRETS } from '@berth/kube/resources';
import type { Secret, StatefulSet } from '@berth/kube/types';
import type { Clock } from '@berth/runtime/clock';
import { type HealthCheck, healthCheckOf } from './health-check.ts';
import { type Authority, httpsGet } from './https-get.ts';
import { judgeHealth } from './judge-health.ts';

export interface HealthOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Whether the operator lets applications name addresses that the controller asks. */
  readonly healthChecks: 'on' | 'off';
}

export interface HealthQuestion {
  /** All StatefulSets of the application cluster; each that names a check is asked. */
  readonly sets: readonly StatefulSet[];
  readonly namespace: string;
  /** Whether the member still works, and is only to be moved. */
  readonly isPlanned: boolean;
}

/** So that one application that does not answer holds up the others for a moment only. */
const DEADLINE_MS = 5_000;

/**
 * Why an application cluster is not well enough for one of its members to start again empty, as a sentence; undefined when
 * it is, or names no check. What can't be asked, for whatever reason, counts as not well.
 */
export const askHealth = async (
  options: HealthOptions,
  { sets, namespace, isPlanned }: HealthQuestion,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for (const { metadata } of sets) {
    const obstacle = await askOne(options, { annotations: metadata?.annotations, namespace, isPlanned }, signal);
    if (obstacle !== undefined) return `StatefulSet ${metadata?.name} wants its health to be asked, and ${obstacle}`;
  }
  return undefined;
};

interface OneQuestion {
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly namespace: string;
  readonly isPlanned: boolean;
}

const askOne = async (
  options: HealthOptions,
  { annotations, namespace, isPlanned }: OneQuestion,
  signal: AbortSignal,
): Promise<string | undefined> => {
  try {
    const check = healthCheckOf(annotations);
    if (check === undefined) return undefined;
    if (options.healthChecks === 'off') return 'the controller does not ask; start it with --health-checks=on';
    const authority = await readAuthority(options.client, check, namespace, signal);
    const answer = await withDeadline(options.clock, signal, (limit) => httpsGet(check.url, authority, limit));
    const verdict = judgeHealth(answer, isPlanned);
    return verdict && `${check.url.host}: ${verdict}`;
  } catch (thrown) {
    signal.throwIfAborted();
    return `it cannot be asked: ${toAppError(thrown).message}`;
  }
};

const readAuthority = async (
  client: KubeClient,
  { secretName: name }: HealthCheck,
  namespace: string,
  signal: AbortSignal,
): Promise<Authority> => {
  if (name === undefined) return {};
  const secret = await client.get(SECRETS, { namespace, name }, signal);
  if (secret === undefined) throw new AppError('NotFound', `there is no Secret ${name} in namespace ${namespace}`);
  const field = decoder(secret);
  const { username, password, token } = {
    username: field('username'),
    password: field('password'),
    token: field('token'),
  };
  const basic = username && `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  return { ca: field('ca.crt'), authorization: token ? `Bearer ${token}` : basic };
};

const decoder =
  ({ data = {} }: Secret) =>
  (key: string): string | undefined => {
    const value = data[key];
    return value === undefined
      ? undefined
      : Buffer.from(value, 'base64')
          .toString()
          .replace(/\r?\n$/, '');
  };

const withDeadline = async <T>(
  clock: Clock,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = new AbortController();
  const cancel = clock.after(DEADLINE_MS, () => late.abort(new Error(`no answer within ${DEADLINE_MS / 1000} s`)));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
};
