import { once } from 'node:events';
import { createConnection, createServer, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from './process/spawn.ts';

export interface ForwardOptions {
  /** Unique within the bed. */
  name: string;
  runDir: string;
  logDir: string;
  netns: string;
  /** HOST:PORT in the namespace. */
  to: string;
  /** Port of 127.0.0.1, on the host and in the namespace, that leads to it. */
  port: number;
}

/** Makes an address of the bed's namespace reachable as 127.0.0.1:PORT, both on the host and in the namespace. */
export async function startForwarding(options: ForwardOptions, signal: AbortSignal): Promise<void> {
  const { name, runDir, logDir, netns, to, port } = options;
  const socket = join(runDir, `${name}.sock`);
  const script = join(import.meta.dirname, 'process/forward.ts');
  const common = { file: process.execPath, runDir, logFile: join(logDir, `${name}.log`) };
  const local = `127.0.0.1:${port}`;
  const inside = [script, to, socket, ...(local === to ? [] : [local])];
  await startDaemon({ ...common, name: `${name}-inside`, args: inside, netns });
  await startDaemon({ ...common, name: `${name}-host`, args: [script, socket, local] });
  // The host's half takes connections before the other does, and would have to drop them.
  await waitUntilListening({ path: socket }, signal);
  await waitUntilListening({ host: '127.0.0.1', port }, signal);
}

/** A port of 127.0.0.1 that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function waitUntilListening(address: NetConnectOpts, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const socket = createConnection(address);
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`nothing listens on ${JSON.stringify(address)}`, { cause: error });
    } finally {
      socket.destroy();
    }
    await delay(50, undefined, { signal });
  }
}
