/** The closed set of things that can go wrong. Each edge maps them in one table: CSI to gRPC status, extender to HTTP, reconcile to retry. */
export type ErrorCode =
  | 'InvalidArgument'
  | 'NotFound'
  | 'AlreadyExists'
  | 'OutOfCapacity'
  | 'OutOfRange'
  | 'FailedPrecondition'
  | 'Aborted'
  | 'Timeout'
  | 'Unavailable'
  | 'Internal';

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Facts for the log, never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error class. The message is a sentence for the person who reads it: what is wrong and what would be right. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whatever was thrown, as an AppError; what is unknown becomes Internal and keeps its cause. */
export const toAppError = (thrown: unknown): AppError => {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error) return new AppError('Internal', thrown.message, { cause: thrown });
  return new AppError('Internal', String(thrown), { cause: thrown });
};

export const hasCode = (thrown: unknown, code: ErrorCode): boolean =>
  thrown instanceof AppError && thrown.code === code;
