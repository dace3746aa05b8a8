import { AppError } from '@berth/contract/errors';
import { HEALTH_CHECK_SECRET_ANNOTATION, HEALTH_CHECK_URL_ANNOTATION } from '@berth/contract/names';

/** What an application cluster wants to be asked before one of its members starts again empty. */
export interface HealthCheck {
  readonly url: URL;
  /** Secret in the namespace of the application with `ca.crt`, and `username` and `password`, or `token`; each may be absent. */
  readonly secretName: string | undefined;
}

type Annotations = Readonly<Record<string, string>> | undefined;

/** From annotations of a StatefulSet; undefined when it asks for none. Throws InvalidArgument for what can't be asked. */
export const healthCheckOf = (annotations: Annotations): HealthCheck | undefined => {
  const text = annotations?.[HEALTH_CHECK_URL_ANNOTATION];
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new AppError(
      'InvalidArgument',
      `annotation ${HEALTH_CHECK_URL_ANNOTATION} is not an https:// address without credentials; credentials come from a Secret`,
    );
  }
  return { url, secretName: annotations?.[HEALTH_CHECK_SECRET_ANNOTATION] };
};
