/** What the application answered. */
export interface HealthAnswer {
  readonly statusCode: number;
  readonly body: string;
}

/**
 * Why the answer speaks against giving up a member's data, as a part of a sentence; undefined when it does not. Pure. A
 * status outside 200 to 299 always does. Elasticsearch's `_cluster/health` says `status`: red means that data is nowhere
 * else, so it is kept; yellow means that something is there only once, which is usual when a member was lost, but then a
 * member that works must not be taken away.
 */
export const judgeHealth = ({ statusCode, body }: HealthAnswer, isPlanned: boolean): string | undefined => {
  if (statusCode < 200 || statusCode > 299) return `it answered ${statusCode}`;
  const { status, timed_out: timedOut } = readObject(body);
  if (timedOut === true) return 'it says that it has not heard from its members in time';
  if (status === 'red') return 'it says that its status is red';
  if (status === 'yellow' && isPlanned) return 'it says that its status is yellow';
  return undefined;
};

/** Not all applications answer with JSON; for those the status code says it all. */
const readObject = (body: string): { readonly status?: unknown; readonly timed_out?: unknown } => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};
