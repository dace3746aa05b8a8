import type { KubeClient } from './client.ts';

/** The same client, but that every write first asks `check`, which throws when we may not write any more. */
export const fenced = (client: KubeClient, check: () => void): KubeClient => {
  const guarded =
    <A extends unknown[], R>(write: (...call: A) => Promise<R>) =>
    async (...call: A): Promise<R> => {
      check();
      return write(...call);
    };
  return {
    ...client,
    create: guarded(client.create) as KubeClient['create'],
    mergePatch: guarded(client.mergePatch) as KubeClient['mergePatch'],
    apply: guarded(client.apply) as KubeClient['apply'],
    delete: guarded(client.delete),
  };
};
