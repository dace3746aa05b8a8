import { persistently } from './persistently.ts';

/** Value of a metric of an extender, such as `berth_extender_leads`; 0 where it has no such line. `address` is reachable from the host. */
export const metricOf = async (address: string, line: string): Promise<number> => {
  const text = await persistently(async () => (await fetch(`http://${address}/metrics`)).text());
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length));
};
