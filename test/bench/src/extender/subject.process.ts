import { startHttpServer } from '@berth/runtime/http-server';
import { silentLogger } from '@berth/runtime/logger';
import { createCluster } from './cluster.ts';

// The extender over plain HTTP, so that it is compared with a bare server and not with TLS.
const { berth } = createCluster({ nodes: Number(process.argv[2]), volumesPerNode: 2 });
const server = await startHttpServer({
  handler: berth.app,
  host: '127.0.0.1',
  port: 0,
  maxBodyBytes: 64 * 1024 ** 2,
  logger: silentLogger,
});
console.log(JSON.stringify({ port: server.port }));
