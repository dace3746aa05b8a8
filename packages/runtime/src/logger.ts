import { pino } from 'pino';

/** Structured log: the message is constant, the data are fields; an error goes into the field `err`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A logger that writes one JSON object a line to standard output. */
export const createLogger = (options: { name: string; level: (typeof LOG_LEVELS)[number] }): Logger =>
  pino({
    name: options.name,
    level: options.level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
  });

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
