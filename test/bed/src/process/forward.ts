/**
 * A process that forwards TCP connections: `forward.ts TO FROM...`, each an address `HOST:PORT` or the path of a unix socket.
 * A unix socket is reached through the file system from every network namespace, so two of these, one on the host and one in
 * the bed's namespace, with a socket between them, let the host reach an address in the namespace.
 */
import { unlink } from 'node:fs/promises';
import { createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net';

async function main([to, ...from]: readonly string[]): Promise<void> {
  if (to === undefined || from.length === 0) throw new Error('usage: forward.ts TO FROM...');
  for (const address of from) {
    if (address.startsWith('/')) await unlink(address).catch(() => undefined);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
      const outgoing = createConnection({ ...parseAddress(to), allowHalfOpen: true });
      outgoing.setNoDelay(true);
      join(incoming, outgoing);
      join(outgoing, incoming);
    });
    server.listen(parseAddress(address));
  }
}

function join(source: Socket, target: Socket): void {
  source.pipe(target);
  source.on('error', () => target.destroy());
  source.on('close', () => target.destroySoon());
}

function parseAddress(address: string): NetConnectOpts & { path?: string; host?: string; port?: number } {
  if (address.startsWith('/')) return { path: address };
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

await main(process.argv.slice(2));
