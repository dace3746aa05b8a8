import { createServer } from 'node:http';

// What no extender can do without: read the names, and answer with all of them.
interface Args {
  readonly NodeNames: readonly string[];
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { NodeNames } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Args;
    const answer = JSON.stringify(
      request.url === '/filter' ? { NodeNames } : NodeNames.map((Host) => ({ Host, Score: 0 })),
    );
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
