import { systemClock } from '@berth/runtime/clock';
import type { Lvm } from '../lvm/command.ts';
import { REPORT, shareReports } from '../lvm/shared-reports.ts';
import type { KillPoint, LvmPlace } from './lvm-place.ts';
import { Died } from './mortal.ts';

/** What an agent dies with: the how manyth command that may change something, from 0, and where in it; at its end when absent. */
export interface LastCommand {
  readonly command: number;
  readonly point?: KillPoint;
}

/** Makes no report twice of what has not changed: each takes a second. */
export const frugal = (place: LvmPlace): LvmPlace => {
  const { run, forget } = shareReports(place.lvm.run, { forMs: Number.POSITIVE_INFINITY, clock: systemClock });
  return { ...place, lvm: { ...place.lvm, run, forgetReport: forget } };
};

/** Runs LVM as an agent has it and writes down each way of dying that there is. */
export const observedLvm = ({ lvm, killPoints }: LvmPlace, deaths: LastCommand[]): Lvm => {
  let commands = 0;
  return {
    ...lvm,
    run: async (command, args, ...rest) => {
      if (command === REPORT) return lvm.run(command, args, ...rest);
      const points = await killPoints(command, args);
      lvm.forgetReport();
      deaths.push(...points.map((point) => ({ command: commands, point })), { command: commands });
      commands += 1;
      return '';
    },
  };
};

/** LVM as an agent has it that is killed with one of its commands. */
export const mortalLvm = ({ lvm, killAt }: LvmPlace, last: LastCommand): Lvm => {
  let commands = 0;
  let death: Died | undefined;
  return {
    ...lvm,
    run: async (command, args, ...rest) => {
      if (death !== undefined) throw death;
      const isLast = command !== REPORT && commands === last.command;
      if (command !== REPORT) commands += 1;
      if (!isLast) return lvm.run(command, args, ...rest);
      if (last.point === undefined) await lvm.run(command, args, ...rest);
      else await killAt(last.point, command, args).finally(lvm.forgetReport);
      death = new Died(`the agent died with ${command}`);
      throw death;
    },
  };
};
