import * as z from 'zod';
import { DEFAULT_WEIGHTS, type Weights } from './score.ts';

const weight = (description: string) => z.coerce.number().min(0).max(1000).meta({ description });

/** The settings of the weights, the same for every program that chooses nodes. */
export const weightSettings = {
  weightRack: weight('Weight of few members of the application in the rack.').default(DEFAULT_WEIGHTS.rack),
  weightHost: weight('Weight of few members of the application on the host.').default(DEFAULT_WEIGHTS.host),
  weightRoom: weight('Weight of the room left after placement.').default(DEFAULT_WEIGHTS.room),
  weightLoad: weight('Weight of disks with little to do, where agents report that.').default(DEFAULT_WEIGHTS.load),
};

/** What the settings say. */
export const weightsOf = (config: Readonly<Record<keyof typeof weightSettings, number>>): Weights => ({
  rack: config.weightRack,
  host: config.weightHost,
  room: config.weightRoom,
  load: config.weightLoad,
});
