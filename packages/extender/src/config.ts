import { RACK_LABELS } from '@berth/contract/topology';
import { silenceSettings } from '@berth/placement/silence-settings';
import { weightSettings } from '@berth/placement/weight-settings';
import { commonSettings, portSetting } from '@berth/runtime/role';
import * as z from 'zod';

const seconds = (description: string) => z.coerce.number().min(1).max(86_400).meta({ description });

/** The extender's settings. */
export const extenderConfigSchema = z.object({
  ...commonSettings(9812),
  host: z.string().default('0.0.0.0').meta({ description: 'Address to listen on.' }),
  port: portSetting('Port of the HTTPS interface for kube-scheduler.').default(9443),
  namespace: z.string().min(1).default('berth-system').meta({
    description: 'Where the Lease is by which one of several extenders leads, the Service, and the agents.',
  }),
  podIp: z.ipv4().or(z.ipv6()).optional().meta({
    description:
      'Address of this pod, to which the Service is led while it leads; without it the Service is left alone.',
  }),
  deadlineMs: z.coerce.number().int().min(100).max(60_000).default(1500).meta({
    description: 'How long an answer may take, in milliseconds; less than the httpTimeout of kube-scheduler.',
  }),
  tlsCert: z.string().meta({ description: 'File with the certificate in PEM format; read again when it is renewed.' }),
  tlsKey: z.string().meta({ description: 'File with the private key in PEM format.' }),
  holdTtlSeconds: seconds('How long room is held for a pod that has been filtered and not been given a node.').default(
    60,
  ),
  staleAfterSeconds: seconds('Silence of the API server after which the view is not trusted.').default(180),
  shortlist: z.coerce.number().int().min(1).max(64).default(16).meta({
    description:
      'How many nodes, the best ones, are offered to the scheduler; with 1 a hold is always on the right node.',
  }),
  rackLabels: z
    .string()
    .default(RACK_LABELS.join(','))
    .transform((text) =>
      text
        .split(',')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
    )
    .meta({ description: 'Node labels that name the rack, separated by commas; the first that is present wins.' }),
  ...weightSettings,
  ...silenceSettings,
});

export type ExtenderConfig = z.infer<typeof extenderConfigSchema>;
