import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** A TCP line to a server, which the test breaks. */
export interface BreakableLine {
  /** HOST:PORT, to be used in the server's place. */
  readonly address: string;
  /** Breaks all connections; new ones go through. */
  breakAll(): void;
  /** Breaks all connections; new ones are accepted, and go through when the line is released. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

export const layLine = async (to: { readonly host: string; readonly port: number }): Promise<BreakableLine> => {
  const sockets = new Set<Socket>();
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer(async (incoming) => {
    keep(incoming);
    await gate.promise;
    if (incoming.destroyed) return;
    const outgoing = keep(createConnection(to));
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${address.port}`,
    breakAll,
    hold: () => {
      gate = Promise.withResolvers();
      breakAll();
    },
    release: () => gate.resolve(),
    close: async () => {
      gate.resolve();
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
};
