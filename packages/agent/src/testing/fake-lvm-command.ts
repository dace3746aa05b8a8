import type { CommandResult } from '@berth/runtime/spawn';
import type { FakeDisk, FakeGroup, FakeLv, MachineState } from './machine-state.ts';

export interface Options {
  readonly one: (name: string) => string | undefined;
  readonly all: (name: string) => readonly string[];
  /** Whether an option without a value is given. */
  readonly has: (flag: string) => boolean;
}

export type Command = (state: MachineState, options: Options, names: readonly string[]) => CommandResult;

export const ok = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' });
export const failed = (stderr: string, exitCode = 5): CommandResult => ({ exitCode, stdout: '', stderr });

const FLAGS = new Set(['--yes', '--nosuffix', '--norestorefile', '--background', '--abort', '--refresh']);

export const parse = (args: readonly string[]): { options: Options; names: string[] } => {
  const given: [string, string][] = [];
  const names: string[] = [];
  let key: string | undefined;
  for (const word of args) {
    if (key !== undefined) {
      given.push([key, word]);
      key = undefined;
    } else if (!word.startsWith('-')) names.push(word);
    else if (!FLAGS.has(word)) key = word;
  }
  const all = (name: string) => given.filter(([key]) => key === name).map(([, value]) => value);
  return { options: { all, one: (name) => all(name)[0], has: (flag) => args.includes(flag) }, names };
};

export const findLv = (state: MachineState, path: string): { group: FakeGroup; lv: FakeLv } | undefined => {
  const [groupName, name] = path.replace('/dev/', '').split('/');
  const group = state.groups.find((each) => each.name === groupName);
  const lv = group?.lvs.find((each) => each.name === name);
  return group && lv && { group, lv };
};

export const findDisk = (state: MachineState, path: string): FakeDisk | undefined =>
  state.disks.find((disk) => disk.path === (state.links[path] ?? path));
