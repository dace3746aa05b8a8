import type { Logger } from './logger.ts';

const GRACE_MS = 10_000;

/**
 * Runs a process to its end. SIGTERM and SIGINT abort the signal; when `main` has not returned 10 s later the process
 * exits all the same. An error out of `main`, or one nobody handled, is logged once and the exit code is 1.
 */
export const runProcess = async (main: (signal: AbortSignal) => Promise<void>, logger: Logger): Promise<void> => {
  const controller = new AbortController();
  const stop = (name: string) => {
    logger.info({ signal: name }, 'stopping');
    controller.abort(new Error(`stopped by ${name}`));
    setTimeout(() => exit(1, { waitedMs: GRACE_MS }, 'did not stop in time'), GRACE_MS).unref();
  };
  const exit = (code: number, fields: object, message: string) => {
    logger[code === 0 ? 'info' : 'error'](fields, message);
    process.exit(code);
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  process.on('uncaughtException', (err) => exit(1, { err }, 'an error nobody handled'));
  process.on('unhandledRejection', (err) => exit(1, { err }, 'a rejected promise nobody handled'));
  try {
    await main(controller.signal);
    exit(0, {}, 'stopped');
  } catch (err) {
    if (controller.signal.aborted && err === controller.signal.reason) exit(0, {}, 'stopped');
    else exit(1, { err }, 'failed');
  }
};
