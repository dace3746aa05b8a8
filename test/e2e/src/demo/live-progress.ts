import type { Progress } from '@berth/bed/progress';

interface Step {
  readonly title: string;
  readonly startedMs: number;
  detail: string;
}

export interface LiveProgress extends Progress {
  /** Prints a line above the steps under way. */
  print(line: string): void;
  close(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REDRAW_MS = 100;
const ERASE_LINE = '\x1b[2K';
const UP = '\x1b[1A';

/** Steps under way as lines that move, on a terminal; each becomes one lasting line when it ends. */
export const createLiveProgress = (stream: NodeJS.WriteStream): LiveProgress => {
  const active = new Set<Step>();
  let drawn = 0;
  let frame = 0;

  const erase = () => {
    stream.write((UP + ERASE_LINE).repeat(drawn));
    drawn = 0;
  };

  const draw = () => {
    const width = stream.columns || 80;
    for (const step of active) {
      const line = `${FRAMES[frame % FRAMES.length]} ${step.title} ${seconds(step.startedMs)} ${step.detail}`;
      stream.write(`${line.slice(0, width - 1)}\n`);
    }
    drawn = active.size;
  };

  const redraw = (above = '') => {
    erase();
    stream.write(above);
    draw();
  };

  const timer = setInterval(() => {
    frame += 1;
    redraw();
  }, REDRAW_MS);

  return {
    print: (line) => redraw(`${line}\n`),
    close: () => {
      clearInterval(timer);
      erase();
    },
    step: async (title, work) => {
      const step: Step = { title, startedMs: Date.now(), detail: '' };
      active.add(step);
      let mark = '\x1b[31m✗\x1b[0m';
      try {
        const result = await work((detail) => {
          step.detail = `(${detail})`;
        });
        mark = '\x1b[32m✓\x1b[0m';
        return result;
      } finally {
        active.delete(step);
        redraw(`${mark} ${title} ${seconds(step.startedMs)}\n`);
      }
    },
  };
};

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
