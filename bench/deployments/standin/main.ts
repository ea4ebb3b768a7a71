// Entry of the stand-in deployment: the service protocol with next to no CPU of its own, so that the
// server is what is measured. Started by `startDeployment`.
import { createServer } from 'node:net';
import { Attempt, type AttemptObserver } from './attempt.ts';
import { Http2Peer, type PeerStream } from './http2-peer.ts';
import { MANIFEST } from './manifest.ts';
import { numberIn, SCRIPTS } from './scripts.ts';
import { StatisticsCollector, tellPort } from '../statistics.ts';

const INVOKE = '/invoke/';
const DUE = 'Bench/due';

const collector = new StatisticsCollector();
const observer: AttemptObserver = {
  started(path, input) {
    const name = path.slice(INVOKE.length);
    collector.started(name);
    if (name === DUE) collector.late(Date.now() - numberIn(input));
  },
  finished: (path) => collector.finished(path.slice(INVOKE.length)),
  suspended: (path) => collector.suspended(path.slice(INVOKE.length)),
};

function answer(stream: PeerStream): void {
  const path = stream.headers.get(':path') ?? '';
  const script = SCRIPTS.get(path);
  if (script !== undefined) {
    stream.listener = new Attempt(path, script, stream, observer);
    return;
  }
  const accepted = stream.headers.get('accept') ?? '';
  const version = accepted.includes('v4+json') ? 4 : 3;
  stream.respond([
    ['content-type', `application/vnd.restate.endpointmanifest.v${version}+json`],
    ['x-restate-server', 'reprise-standin/1'],
  ]);
  stream.write(MANIFEST);
  stream.end();
}

const server = createServer((socket) => new Http2Peer(socket, answer));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) tellPort(address.port);
});
collector.serveParent();
