import type { Plane } from '../plane.ts';
import { type ServedBeside, serveBeside } from './serve-beside.ts';

/** An application that is asked over HTTPS how it is. */
export interface HttpsAnswer extends ServedBeside {
  /** What it answers from now on, as JSON. */
  say(answer: object): void;
}

export const serveAnswer = async (plane: Plane, first: object): Promise<HttpsAnswer> => {
  let answer = first;
  const served = await serveBeside(plane, (_, response) => response.end(JSON.stringify(answer)));
  return {
    ...served,
    url: `${served.url}/_cluster/health`,
    say: (next) => {
      answer = next;
    },
  };
};
