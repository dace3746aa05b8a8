import { isIPv6 } from 'node:net';
import { toAppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { ENDPOINT_SLICES } from '@berth/kube/resources';
import type { EndpointSlice } from '@berth/kube/types';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';

/** Where a Service without a selector leads. */
export interface ServiceAddress {
  readonly namespace: string;
  /** Name of the Service. */
  readonly service: string;
  /** IP address of the pod that answers. */
  readonly address: string;
  readonly port: number;
}

export interface LeadServiceOptions {
  /** One whose writes fail once we may not write any more. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

const AGAIN_MS = { afterFailure: 1_000, afterSuccess: 30_000 };

/**
 * Leads the Service to this address alone, as kube-apiserver does for the Service `kubernetes`, until the signal fires.
 * Written again from time to time, in case somebody removed it. The address stays when we stop: the next leader replaces it.
 */
export const leadServiceHere = async (
  target: ServiceAddress,
  { client, clock, logger }: LeadServiceOptions,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    let pauseMs = AGAIN_MS.afterSuccess;
    try {
      await client.apply(ENDPOINT_SLICES, sliceFor(target), { fieldManager: 'berth-extender' }, signal);
    } catch (thrown) {
      pauseMs = AGAIN_MS.afterFailure;
      if (!signal.aborted) logger.warn({ err: toAppError(thrown).message, ...target }, 'cannot lead the Service here');
    }
    await clock.sleep(pauseMs, signal).catch(() => {});
  }
};

/** `discovery.k8s.io/v1`; the address family is part of the name because it can never be changed. */
const sliceFor = ({ namespace, service, address, port }: ServiceAddress): EndpointSlice => ({
  metadata: {
    namespace,
    name: isIPv6(address) ? `${service}-ipv6` : `${service}-ipv4`,
    labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'berth-extender' },
  },
  addressType: isIPv6(address) ? 'IPv6' : 'IPv4',
  ports: [{ name: 'https', port, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
});
