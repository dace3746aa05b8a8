import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createQmpDecoder, encodeQmpCommand, type QmpMessage } from './qmp-frames.ts';

/** A connection to the monitor of one virtual machine. */
export interface Qmp {
  /** Runs a command and gives its answer. Throws an Error with the monitor's own description. */
  execute(command: string, commandArguments?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Waits for an event that has arrived since the connection was made, or will. */
  event(name: string, matches?: (data: Readonly<Record<string, unknown>>) => boolean): Promise<void>;
}

/**
 * Connects to the monitor's socket, does the work and disconnects; the monitor serves one connection at a time, others wait.
 * Everything in it fails when `signal` is aborted or the machine goes away.
 */
export async function withQmp<T>(socketPath: string, signal: AbortSignal, work: (qmp: Qmp) => Promise<T>): Promise<T> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect', { signal });
    const connection = createConnection(socket, signal);
    await connection.qmp.execute('qmp_capabilities');
    return await Promise.race([work(connection.qmp), connection.failed]);
  } finally {
    socket.destroy();
  }
}

function createConnection(socket: Socket, signal: AbortSignal): { qmp: Qmp; failed: Promise<never> } {
  const decode = createQmpDecoder();
  const answers = new Map<number, (message: QmpMessage) => void>();
  const events: QmpMessage[] = [];
  const listeners = new Set<() => void>();
  let lastId = 0;
  const failed = new Promise<never>((_resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the virtual machine closed its monitor connection')));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  failed.catch(() => {});
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    for (const message of decode(String(chunk))) {
      if (message.event !== undefined) {
        events.push(message);
        for (const listener of listeners) listener();
      } else if (message.id !== undefined) {
        answers.get(message.id)?.(message);
        answers.delete(message.id);
      }
    }
  });
  const qmp: Qmp = {
    async execute(command, commandArguments = {}) {
      lastId += 1;
      const id = lastId;
      const answer = new Promise<QmpMessage>((resolve) => answers.set(id, resolve));
      socket.write(encodeQmpCommand(command, commandArguments, id));
      const message = await Promise.race([answer, failed]);
      if (message.error !== undefined) throw new Error(`${command}: ${message.error.desc}`);
      return message.return;
    },
    async event(name, matches = () => true) {
      const arrived = () => events.some((message) => message.event === name && matches(message.data ?? {}));
      const waited = new Promise<void>((resolve) => {
        const listener = () => {
          if (!arrived()) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
        listener();
      });
      await Promise.race([waited, failed]);
    },
  };
  return { qmp, failed };
}
