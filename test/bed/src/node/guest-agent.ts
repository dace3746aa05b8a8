import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type AgentAnswer, createAgentDecoder, encodeCommand, encodeSync } from './guest-agent-frames.ts';

/** What a command run in the guest gave. */
export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface ExecOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  input?: string;
}

/**
 * Sends one command to the agent behind this socket. The channel serves one client at a time, so a connection is held for one
 * command only; clients of other processes wait meanwhile. Throws when there is no answer in time or the agent refuses.
 */
export async function callAgent(
  socketPath: string,
  request: { command: string; arguments?: Readonly<Record<string, unknown>>; timeoutMs?: number },
  signal: AbortSignal,
): Promise<unknown> {
  const timeoutMs = request.timeoutMs ?? 30_000;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let socket: Socket | undefined;
  try {
    socket = await connectInTurn(socketPath, limit);
    const answer = await converse(socket, encodeCommand(request.command, request.arguments ?? {}), limit);
    if (answer.error !== undefined) throw new Error(`${request.command}: ${answer.error.desc}`);
    return answer.return;
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    throw new Error(`the guest agent did not answer ${request.command} within ${timeoutMs} ms`);
  } finally {
    socket?.destroy();
  }
}

/** The socket's queue holds a client or two; when it is full the kernel says EAGAIN at once instead of letting one wait. */
async function connectInTurn(socketPath: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    const socket = connect(socketPath);
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await delay(20, undefined, { signal });
    }
  }
}

/** Waits until the agent answers. Throws when it has not after `timeoutMs`. */
export async function waitForAgent(socketPath: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await callAgent(socketPath, { command: 'guest-ping', timeoutMs: 1_000 }, signal);
      return;
    } catch (error) {
      if (signal.aborted || Date.now() > deadline) throw error;
      await delay(100, undefined, { signal });
    }
  }
}

/**
 * Runs a command in the guest as root and waits for its end; an exit code other than 0 is a result, not an error.
 * When time is up or the signal is aborted, the command is killed and an Error thrown. The agent keeps at most 16 MiB of output.
 */
export async function execInGuest(
  socketPath: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 120_000;
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.signal ? [options.signal] : [])]);
  const pid = await startInGuest(socketPath, { argv, ...options }, signal);
  try {
    return await waitForExit(socketPath, pid, signal);
  } catch (error) {
    if (signal.aborted) await killInGuest(socketPath, pid);
    if (options.signal?.aborted || !signal.aborted) throw error;
    throw new Error(`${argv.join(' ')} took longer than ${timeoutMs} ms`, { cause: error });
  }
}

/** Starts a command in the guest as root, without waiting for its end; gives its pid there. */
export async function startInGuest(
  socketPath: string,
  { argv, input }: { argv: readonly string[]; input?: string },
  signal: AbortSignal,
): Promise<number> {
  const commandArguments = {
    path: argv[0],
    arg: argv.slice(1),
    'capture-output': true,
    ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
  };
  const started = await callAgent(socketPath, { command: 'guest-exec', arguments: commandArguments }, signal);
  return (started as { pid: number }).pid;
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

async function waitForExit(socketPath: string, pid: number, signal: AbortSignal): Promise<ExecResult> {
  // Most programs end within a second: a pause that doubled made them seem a third slower.
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    await delay(pauseMs, undefined, { signal });
    const request = { command: 'guest-exec-status', arguments: { pid } };
    const status = (await callAgent(socketPath, request, signal)) as ExecStatus;
    if (status.exited) {
      return {
        stdout: decodeOutput(status['out-data']),
        stderr: decodeOutput(status['err-data']),
        // A shell reports a death by signal in the same way.
        exitCode: status.exitcode ?? 128 + (status.signal ?? 0),
      };
    }
  }
}

async function killInGuest(socketPath: string, pid: number): Promise<void> {
  const request = { command: 'guest-exec', arguments: { path: 'kill', arg: ['-KILL', String(pid)] }, timeoutMs: 5_000 };
  // The machine may be gone, which ends the command as well.
  await callAgent(socketPath, request, new AbortController().signal).catch(() => {});
}

function decodeOutput(data: string | undefined): string {
  return data === undefined ? '' : Buffer.from(data, 'base64').toString();
}

async function converse(socket: Socket, command: Buffer, signal: AbortSignal): Promise<AgentAnswer> {
  const syncId = Math.floor(Math.random() * 2 ** 31);
  const decode = createAgentDecoder(syncId);
  let sent = false;
  socket.write(encodeSync(syncId));
  return await new Promise<AgentAnswer>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the virtual machine closed the connection to its guest agent')));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    socket.on('data', (chunk: Buffer) => {
      const { synced, answers } = decode(chunk);
      if (synced && !sent) {
        sent = true;
        socket.write(command);
      }
      if (answers[0] !== undefined) resolve(answers[0]);
    });
  });
}
