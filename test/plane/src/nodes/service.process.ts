import { connect, createServer } from 'node:net';
import { connectKube } from '@berth/kube/connect';
import { ENDPOINT_SLICES } from '@berth/kube/resources';
import { systemClock } from '@berth/runtime/clock';

// A Service as kube-proxy would play it: each connection to 127.0.0.1:PORT leads to where the EndpointSlice says just then.
const [kubeconfig, namespace = '', name = '', port] = process.argv.slice(2);
const client = await connectKube(kubeconfig, systemClock);

const server = createServer(async (caller) => {
  caller.on('error', () => caller.destroy());
  const slice = await client.get(ENDPOINT_SLICES, { namespace, name }).catch(() => undefined);
  const [host, target] = [slice?.endpoints?.[0]?.addresses[0], slice?.ports?.[0]?.port];
  if (host === undefined || target === undefined) return caller.destroy();
  const callee = connect(target, host);
  callee.on('error', () => caller.destroy());
  caller.on('close', () => callee.destroy());
  callee.on('close', () => caller.destroy());
  caller.pipe(callee).pipe(caller);
});
server.listen(Number(port), '127.0.0.1');
