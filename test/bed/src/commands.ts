import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bed } from './bed.ts';
import type { BedContext } from './bed-parts.ts';
import { inspectBed, listBeds } from './bed-state.ts';
import { clearBed } from './clear-bed.ts';
import { demoDisks, demoNodes } from './demo-nodes.ts';
import type { Medium } from './node/disk.ts';
import type { Node } from './node/node.ts';
import { run } from './process/spawn.ts';
import { openBed, startBed } from './start-bed.ts';

const usage = `usage: cli.ts COMMAND [--bed NAME] ...

  up [--nodes N] [--from-generic]      start a cluster, wait until its nodes are Ready, leave it running
  down                                 end it; also clears what a crash left
  status                               beds, their nodes and kubeconfig
  kubectl ARGS...                      kubectl as administrator
  exec NODE COMMAND ARGS...            run a command in a node as root
  logs                                 collect the nodes' logs beside the others and print where they are
  add-node NAME [--rack RACK]          start another node
  plug NODE DISK [--medium nvme|ssd|hdd] [--size 8G] [--slot N] [--serial S]
  pull NODE DISK                       take a disk out while the node runs
  power-cut NODE                       end the machine as if its power failed
  boot NODE                            boot it again with the same disks
  reboot NODE                          restart it in order

  --bed NAME                           default: default
`;

export interface CommandContext extends BedContext {
  print(text: string): void;
}

/** Runs one command line of the bed; gives the exit code. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const line = parseCommandLine(args);
  const command = commands[line.command];
  if (command === undefined) {
    context.print(usage);
    return line.command === 'help' ? 0 : 2;
  }
  return (await command(line, context)) ?? 0;
}

export interface CommandLine {
  readonly command: string;
  readonly bed: string;
  /** Arguments after the command. For kubectl and exec, options among them are not the bed's. */
  readonly rest: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
}

const optionNames = ['nodes', 'rack', 'medium', 'size', 'slot', 'serial'] as const;

/** Splits a command line. What follows `kubectl`, or `exec NODE`, belongs to the program that is run, `--bed` before it to the bed. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const given = [...args];
  let bed = 'default';
  while (given[0] === '--bed' && given[1] !== undefined) bed = given.splice(0, 2)[1] ?? bed;
  const command = given.shift() ?? 'help';
  while (given[0] === '--bed' && given[1] !== undefined) bed = given.splice(0, 2)[1] ?? bed;
  if (command === 'kubectl' || command === 'exec') {
    return { command, bed, rest: given.filter((arg, at) => arg !== '--' || at > 1), options: {} };
  }
  const { values, positionals } = parseArgs({
    args: given,
    allowPositionals: true,
    options: {
      bed: { type: 'string', default: bed },
      'from-generic': { type: 'boolean', default: false },
      ...Object.fromEntries(optionNames.map((name) => [name, { type: 'string' as const }])),
    },
  });
  return {
    command,
    bed: values.bed,
    rest: positionals,
    options: { ...values, 'from-generic': values['from-generic'] ? 'yes' : undefined },
  };
}

type Command = (line: CommandLine, context: CommandContext) => Promise<number | undefined>;

const commands: Readonly<Record<string, Command>> = {
  async up({ bed, options }, context) {
    const nodes = demoNodes(Number(options.nodes ?? 3));
    const started = await startBed(
      context,
      { name: bed, nodes },
      { leaveRunning: true, fromGeneric: options['from-generic'] !== undefined },
    );
    context.print(`bed ${bed} is up: KUBECONFIG=${started.kubeconfig}\n`);
  },
  async down({ bed }, context) {
    await context.progress.step(`End bed ${bed}`, () => clearBed(context.paths, bed));
  },
  async status(_line, context) {
    for (const name of await listBeds(context.paths)) {
      const standing = await inspectBed(context.paths, name);
      const state = 'state' in standing ? standing.state : undefined;
      context.print(`${name}: ${standing.kind === 'alive' ? state?.phase : 'left by a crash'}\n`);
      context.print(`  kubeconfig ${join(context.paths.run(name), 'admin.kubeconfig')}\n`);
      for (const { spec, index } of state?.nodes ?? []) {
        const disks = spec.disks.map((disk) => `${disk.name} (${disk.medium} ${disk.size})`).join(', ');
        context.print(`  node ${index}: ${spec.name}, ${spec.rack}, started with ${disks}\n`);
      }
    }
  },
  async kubectl({ bed, rest }, context) {
    const { kubeconfig, tools } = await openBed(context, bed);
    const { stdout, stderr } = await run(tools.path('kubectl'), [`--kubeconfig=${kubeconfig}`, ...rest], {
      signal: context.signal,
    });
    context.print(stderr + stdout);
  },
  async exec({ bed, rest: [name, ...argv] }, context) {
    const result = await nodeOf(await openBed(context, bed), name).exec(argv, { signal: context.signal });
    context.print(result.stdout + result.stderr);
    return result.exitCode;
  },
  async logs({ bed }, context) {
    const { nodes, logs } = await openBed(context, bed);
    await Promise.all([...nodes.values()].map((node) => node.collectLogs(logs)));
    context.print(`${logs}\n`);
  },
  async 'add-node'({ bed, rest: [name = ''], options }, context) {
    const opened = await openBed(context, bed);
    await opened.addNode({ name, rack: options.rack ?? 'rack-a', disks: demoDisks() });
  },
  async plug({ bed, rest: [name, disk = ''], options: { medium = 'nvme', size = '8G', slot, serial } }, context) {
    const node = nodeOf(await openBed(context, bed), name);
    await node.plugDisk({
      ...{ name: disk, medium: checkMedium(medium), size },
      ...(slot === undefined ? {} : { slot: Number(slot) }),
      ...(serial === undefined ? {} : { serial }),
    });
  },
  async pull({ bed, rest: [name, disk = ''] }, context) {
    await nodeOf(await openBed(context, bed), name).pullDisk(disk);
  },
  async 'power-cut'({ bed, rest: [name] }, context) {
    await nodeOf(await openBed(context, bed), name).powerCut();
  },
  async boot({ bed, rest: [name] }, context) {
    await nodeOf(await openBed(context, bed), name).boot();
  },
  async reboot({ bed, rest: [name] }, context) {
    await nodeOf(await openBed(context, bed), name).reboot();
  },
};

function nodeOf(bed: Bed, name: string | undefined): Node {
  const node = bed.nodes.get(name ?? '');
  if (node === undefined)
    throw new Error(`bed ${bed.name} has no node "${name}"; it has ${[...bed.nodes.keys()].join(', ')}`);
  return node;
}

function checkMedium(text: string): Medium {
  if (text !== 'nvme' && text !== 'ssd' && text !== 'hdd')
    throw new Error(`a medium is nvme, ssd or hdd, not "${text}"`);
  return text;
}
