import { isAbsolute } from 'node:path';
import { parseQuantity } from '@berth/contract/quantity';
import { commonSettings } from '@berth/runtime/role';
import * as z from 'zod';
import { parseMediumRules } from './disks/medium-rules.ts';
import { parseVolumeGroups } from './storage/volume-groups.ts';

/** Runs a parser of ours inside the schema, so that its sentence is among the others. */
const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: (thrown as Error).message });
      return z.NEVER;
    }
  });

const directory = z.string().refine(isAbsolute, 'write an absolute path');

/** The agent's settings. */
export const agentConfigSchema = z.object({
  nodeName: z.string().min(1, 'the name of this node is needed').meta({ description: 'Name of the Node object.' }),
  kubeletDir: directory.default('/var/lib/kubelet').meta({ description: "kubelet's root directory, as a real path." }),
  commandPrefix: z
    .string()
    .default('nsenter -t 1 -m -u -i -n --')
    .transform((text) => text.split(/\s+/).filter((word) => word !== ''))
    .meta({ description: "What goes before every host program, to run it in the host's namespaces." }),
  mode: z.enum(['adopt', 'observe']).default('adopt').meta({
    description: 'adopt: disks that may be taken are taken. observe: they are only reported, and none is changed.',
  }),
  mediumRules: parsed(parseMediumRules).default([]).meta({
    description: "Media of disks that don't tell, for example `model:PERC*&size:>=2Ti=hdd,slot:pci-0000:00:10.0=ssd`.",
  }),
  volumeGroups: parsed(parseVolumeGroups).default({}).meta({
    description:
      'Volume groups of your own to be used instead of taking disks, by medium, for example `nvme=vg-fast,hdd=vg-slow`.',
  }),
  reserve: parsed(parseQuantity).default(0).meta({ description: 'Amount of every volume group that stays free.' }),
  reportSeconds: z.coerce.number().min(0).default(5).meta({
    description: 'Seconds for which a report of LVM is used again while the agent itself changes nothing.',
  }),
  scanSeconds: z.coerce.number().min(1).default(60).meta({ description: 'Seconds between two looks at the disks.' }),
  healthSeconds: z.coerce.number().positive().default(600).meta({
    description: 'Seconds between two looks at what disks tell of their health.',
  }),
  sysDir: directory.default('/sys').meta({ description: "Where the host's sysfs is seen." }),
  devDir: directory.default('/dev').meta({ description: "Where the host's devices are seen." }),
  udevDir: directory
    .default('/run/udev')
    .meta({ description: "Where the run-time files of the host's udev are seen." }),
  procDir: directory.default('/proc').meta({ description: "Where the host's processes are seen." }),
  ...commonSettings(9810),
});

export type AgentConfig = Readonly<z.infer<typeof agentConfigSchema>>;
