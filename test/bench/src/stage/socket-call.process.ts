import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

// Runs inside the agent's container: one call of gRPC over a unix socket, with nothing but what Node brings.
// Arguments: the socket, the method's path, the request in base64. Prints what the server said, with the status that gRPC knows.
const [socket = '', path = '', request = ''] = process.argv.slice(1);
const message = Buffer.from(request, 'base64');
const frame = Buffer.alloc(5 + message.length);
frame.writeUInt32BE(message.length, 1);
message.copy(frame, 5);

const session = connect('http://localhost', { createConnection: () => connectSocket(socket) });
const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
const said = { 'grpc-status': 'none', 'grpc-message': '' };
for (const event of ['response', 'trailers']) call.on(event, (headers) => Object.assign(said, headers));
call.on('close', () => {
  console.log(JSON.stringify({ status: said['grpc-status'], message: said['grpc-message'] }));
  session.close();
});
call.resume();
call.end(frame);
