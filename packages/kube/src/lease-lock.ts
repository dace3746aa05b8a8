import type { Clock } from '@berth/runtime/clock';
import type { KubeClient } from './client.ts';
import { LEASES } from './resources.ts';
import type { Lease } from './types.ts';

export interface LeaseLockOptions {
  readonly client: KubeClient;
  /** The Lease object; it is made when there is none. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Who we are; no two processes may say the same, not even one process and the one that replaces it. */
  readonly identity: string;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/** A lock that is ours for a time, kept in a Lease (coordination.k8s.io/v1). */
export interface LeaseLock {
  /**
   * Tries once to take the lock, or to keep it; it must be repeated to keep it. False when somebody else has it.
   * Throws what the client throws, Aborted for a lost race among it: whose it is then is found out by the next try.
   */
  tryHold(signal: AbortSignal): Promise<boolean>;
  /** Lets somebody else have it at once. Nothing happens when it is not ours. */
  release(signal: AbortSignal): Promise<void>;
  /** Milliseconds until the one who had it when we last looked will have been silent for too long; zero when it is free. */
  freeInMs(): number;
  /** Who had it when we last looked. */
  readonly holder: string | undefined;
}

interface Seen {
  readonly lease: Lease;
  /** When this version was first seen, by our monotonic clock. */
  readonly sinceMs: number;
}

/**
 * Takes a lock that nobody holds, that was released, or that its holder has not renewed for as long as it promised,
 * which is measured from when we first saw the last renewal: the clocks of other machines are not trusted.
 * Every write is conditional on the version that was read, so that of two candidates one wins.
 */
export const createLeaseLock = (options: LeaseLockOptions): LeaseLock => {
  const { client, lease: ref, identity, leaseMs, clock } = options;
  let seen: Seen | undefined;
  let isOurs = false;

  const notice = (lease: Lease) => {
    if (seen?.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion) return;
    seen = { lease, sinceMs: clock.monotonicMs() };
  };

  const freeInMs = (): number => {
    const { holderIdentity, leaseDurationSeconds = 0 } = seen?.lease.spec ?? {};
    if (!seen || !holderIdentity || holderIdentity === identity) return 0;
    return Math.max(0, seen.sinceMs + leaseDurationSeconds * 1000 - clock.monotonicMs());
  };

  const take = async (known: Seen | undefined, signal: AbortSignal) => {
    const { spec, metadata } = known?.lease ?? {};
    const renewTime = microTime(clock.now());
    const isRenewal = spec?.holderIdentity === identity;
    const next = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      renewTime,
      acquireTime: isRenewal ? (spec.acquireTime ?? renewTime) : renewTime,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + (isRenewal || known === undefined ? 0 : 1),
    };
    const patch = { metadata: { resourceVersion: metadata?.resourceVersion }, spec: next };
    notice(
      known === undefined
        ? await client.create(LEASES, { metadata: { ...ref }, spec: next }, signal)
        : await client.mergePatch(LEASES, ref, patch, {}, signal),
    );
  };

  const look = async (signal: AbortSignal) => {
    const lease = await client.get(LEASES, ref, signal);
    if (lease === undefined) seen = undefined;
    else notice(lease);
  };

  return {
    freeInMs,
    get holder() {
      return seen?.lease.spec?.holderIdentity || undefined;
    },
    tryHold: async (signal) => {
      // While it is ours the version is known and one write is enough; whatever goes wrong with it, look again next time.
      const wasOurs = isOurs;
      isOurs = false;
      if (!wasOurs) await look(signal);
      if (freeInMs() > 0) return false;
      await take(seen, signal);
      isOurs = true;
      return true;
    },
    release: async (signal) => {
      if (seen?.lease.spec?.holderIdentity !== identity) return;
      isOurs = false;
      const { metadata } = seen.lease;
      const patch = { metadata: { resourceVersion: metadata?.resourceVersion }, spec: { holderIdentity: '' } };
      notice(await client.mergePatch(LEASES, ref, patch, {}, signal));
    },
  };
};

/** MicroTime of meta/v1 wants exactly six digits after the second. */
const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');
