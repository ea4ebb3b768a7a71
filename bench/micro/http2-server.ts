// The other side of the HTTP/2 bench, in a process of its own: node:http2.
import { createServer } from 'node:http2';
import { FIRST_BYTES, SECOND_BYTES } from './http2-exchange.ts';

const FIRST = Buffer.alloc(FIRST_BYTES, 'a');
const SECOND = Buffer.alloc(SECOND_BYTES, 'b');

const server = createServer({ settings: { maxConcurrentStreams: 1000 } });
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.invocation.v6' });
  stream.once('data', () => stream.write(FIRST));
  stream.on('data', () => {});
  stream.on('end', () => stream.end(SECOND));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit(0));
