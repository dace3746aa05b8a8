/** Tells a person what the bed is doing and for how long it has been doing it. */
export interface Progress {
  /** Announces `title`, does the work, then says how it went. Rethrows what `work` throws. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
}

/** One plain line at the start, for each detail, and at the end of a step. */
export function createPlainProgress(write: (line: string) => void, now: () => number = Date.now): Progress {
  return {
    async step(title, work) {
      const started = now();
      const seconds = () => `${((now() - started) / 1000).toFixed(1)} s`;
      write(`${title} ...`);
      try {
        const result = await work((detail) => write(`  ${title}: ${detail} (${seconds()})`));
        write(`${title}: done in ${seconds()}`);
        return result;
      } catch (error) {
        write(`${title}: failed after ${seconds()}`);
        throw error;
      }
    },
  };
}
