import type { KubeClient } from './client.ts';
import { SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS } from './resources.ts';

/** Something in the API that somebody may or may not do. */
export interface Access {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether the bearer of a token may do something. Errors are those of KubeClient. */
export type AccessReview = (
  token: string,
  access: Access,
  signal?: AbortSignal,
) => Promise<'allowed' | 'denied' | 'unauthenticated'>;

/** Asks the API server who bears the token (TokenReview) and whether its own rules let them (SubjectAccessReview). */
export const createAccessReview =
  (client: KubeClient): AccessReview =>
  async (token, access, signal) => {
    const { status } = await client.create(TOKEN_REVIEWS, { spec: { token } }, signal);
    const user = status?.authenticated ? status.user : undefined;
    if (user?.username === undefined) return 'unauthenticated';
    const { username, groups = [], uid, extra } = user;
    const review = await client.create(
      SUBJECT_ACCESS_REVIEWS,
      {
        spec: {
          user: username,
          groups,
          ...(uid !== undefined && { uid }),
          ...(extra !== undefined && { extra }),
          resourceAttributes: { ...access },
        },
      },
      signal,
    );
    return review.status?.allowed ? 'allowed' : 'denied';
  };
