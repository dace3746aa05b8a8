import { AppError, type ErrorCode } from '@berth/contract/errors';

/** HTTP status of the API server to our codes; what is not listed is Internal. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'InvalidArgument',
  401: 'FailedPrecondition',
  403: 'FailedPrecondition',
  404: 'NotFound',
  408: 'Timeout',
  409: 'Aborted',
  410: 'Aborted',
  422: 'InvalidArgument',
  429: 'Unavailable',
  500: 'Unavailable',
  503: 'Unavailable',
  504: 'Timeout',
};

interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** A meta/v1 Status (the API server's own words) as an AppError; `details.expired` says that a resource version is too old. */
export const apiError = (status: Status): AppError => {
  const code = status.reason === 'AlreadyExists' ? 'AlreadyExists' : (CODES[status.code ?? 500] ?? 'Internal');
  return new AppError(code, status.message ?? `the API server answered ${status.code}`, {
    details: { status: status.code, reason: status.reason, expired: status.code === 410 },
  });
};

/** The same from the text of a response that may not be a Status. */
export const responseError = (status: number, text: string): AppError => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed)
      return apiError({ code: status, ...(parsed as Status) });
  } catch {
    // Not JSON: a proxy's page, or cut off; the text itself is the message.
  }
  return apiError({ code: status, message: `the API server answered ${status}: ${text.slice(0, 300)}` });
};
