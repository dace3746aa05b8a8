import { AppError, type ErrorCode } from '@berth/contract/errors';
import type { CommandResult } from '@berth/runtime/spawn';

/** LVM2's exit codes: tools/errors.h, ECMD_FAILED. */
const FAILED = 5;

const MEANINGS: readonly { readonly text: RegExp; readonly code: ErrorCode }[] = [
  { text: /insufficient free space|insufficient suitable|no extents available/i, code: 'OutOfCapacity' },
  { text: /already exists/i, code: 'AlreadyExists' },
  { text: /failed to find|not found/i, code: 'NotFound' },
  { text: /in use|is used by another|locked logical volume/i, code: 'FailedPrecondition' },
];

/** What a failed command means; text alone is not trusted (trap 41: a warning can say "not found" of something else). */
export const lvmError = (command: string, result: CommandResult): AppError => {
  const lines = meaningfulLines(result.stderr);
  const code = result.exitCode === FAILED ? MEANINGS.find(({ text }) => text.test(lines.join('\n')))?.code : undefined;
  return new AppError(
    code ?? 'Internal',
    `lvm ${command} failed: ${lines.join('; ') || `exit code ${result.exitCode}`}`,
    {
      details: { command, exitCode: result.exitCode, stderr: result.stderr },
    },
  );
};

const meaningfulLines = (stderr: string): string[] =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('WARNING:') && !line.startsWith('File descriptor'));
