import { expect, it } from 'vitest';
import { createAccessReview } from './access-review.ts';
import type { KubeClient } from './client.ts';
import type { Resource } from './resources.ts';
import type { SubjectAccessReview } from './types.ts';

/** The two reviews of an API server that knows one token, whose bearer may read what is in one namespace. */
const reviewer = (): Pick<KubeClient, 'create'> => ({
  create: async <T>(resource: Resource<T>, object: T): Promise<T> => {
    if (resource.kind === 'TokenReview') {
      const { spec } = object as { spec: { token: string } };
      const isKnown = spec.token === 'good';
      return { spec, status: isKnown ? { authenticated: true, user: { username: 'ann', groups: ['devs'] } } : {} } as T;
    }
    const { spec } = object as SubjectAccessReview;
    const allowed = spec.groups?.includes('devs') === true && spec.resourceAttributes?.namespace === 'prod';
    return { spec, status: { allowed } } as T;
  },
});

it('tells an unknown bearer from one who may not and one who may', async () => {
  const review = createAccessReview(reviewer() as KubeClient);
  const pod = { verb: 'get', resource: 'pods', name: 'es-0' };
  expect(await review('bad', { ...pod, namespace: 'prod' })).toBe('unauthenticated');
  expect(await review('good', { ...pod, namespace: 'kube-system' })).toBe('denied');
  expect(await review('good', { ...pod, namespace: 'prod' })).toBe('allowed');
});
