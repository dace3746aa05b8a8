import type { ErrorCode } from '@berth/contract/errors';
import { toAppError } from '@berth/contract/errors';
import { type ServiceError, status } from '@grpc/grpc-js';

/**
 * Our errors as gRPC codes. Callers take Aborted, Unavailable and DeadlineExceeded for "perhaps still under way" and the
 * others for final answers of this attempt.
 */
const CODES = {
  InvalidArgument: status.INVALID_ARGUMENT,
  NotFound: status.NOT_FOUND,
  AlreadyExists: status.ALREADY_EXISTS,
  OutOfCapacity: status.RESOURCE_EXHAUSTED,
  OutOfRange: status.OUT_OF_RANGE,
  FailedPrecondition: status.FAILED_PRECONDITION,
  Aborted: status.ABORTED,
  Timeout: status.DEADLINE_EXCEEDED,
  Unavailable: status.UNAVAILABLE,
  Internal: status.INTERNAL,
} as const satisfies Record<ErrorCode, status>;

/** Whatever a handler threw, as the error that goes to the caller. */
export const toServiceError = (thrown: unknown): Pick<ServiceError, 'code' | 'details'> => {
  const error = toAppError(thrown);
  return { code: CODES[error.code], details: error.message };
};
