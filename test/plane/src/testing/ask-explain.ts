import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { EXTENDER_ADDRESS, extenderAuthority } from '@berth/e2e/beside';
import type { Plane } from '../plane.ts';
import { persistently } from './persistently.ts';

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Asks the extender about pods, `NAMESPACE/POD`, as somebody outside of the cluster would, with a token or without. */
export const openExplain = async ({ bed, berth }: Plane) => {
  const [host, port] = (await bed.reach(EXTENDER_ADDRESS)).split(':');
  const ca = await readFile(extenderAuthority(berth));
  const ask = (pod: string, token?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const asked = request({ host, port, ca, headers, path: `/explain/${pod}` }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      });
      asked.on('error', reject);
      asked.end();
    });
  return (pod: string, token?: string) => persistently(() => ask(pod, token));
};
