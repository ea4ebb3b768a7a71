// Question: what does one full-duplex stream to a deployment cost the client, with our HTTP/2 client
//   and with node:http2?
// Measured: CPU of the client process (user and system), latency of a stream. Shape of a stream:
//   HEADERS + 200 B, 200 B back, 50 B + end, 50 B back. Server: node:http2 in a process of its own.
// Not measured: the server, TLS, the service protocol.
import { fork, type ChildProcess } from 'node:child_process';
import * as http2 from 'node:http2';
import { fileURLToPath } from 'node:url';
import { HttpDeploymentTransport } from '../../src/io/deployment/transport.ts';
import { median } from '../measure/statistics.ts';
import { FIRST_BYTES, SECOND_BYTES } from './http2-exchange.ts';
import type { BenchSize, MicroBench, MicroRow } from './micro-bench.ts';

const FIRST = Buffer.alloc(FIRST_BYTES, 'a');
const SECOND = Buffer.alloc(SECOND_BYTES, 'b');
const HEADERS = [
  ['content-type', 'application/vnd.restate.invocation.v6'],
  ['accept', 'application/vnd.restate.invocation.v6'],
  ['x-restate-invocation-id', 'inv_1dPl4kLrEzHX0Lk0Yz9h7sVZzR0M6o8s5x'],
  ['x-restate-cluster-name', 'localcluster'],
] as const;
const SIZES = {
  small: { rounds: 1, streams: { 1: 50, 16: 200, 128: 400 } },
  full: { rounds: 3, streams: { 1: 1000, 16: 5000, 128: 8000 } },
} as const;
const CONCURRENCIES = [1, 16, 128] as const;

interface Client {
  readonly name: string;
  /** Resolves with the number of response bytes. */
  exchange(): Promise<number>;
  close(): Promise<void>;
}

interface Sample {
  readonly cpuMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly streamsPerSecond: number;
  readonly checksum: number;
}

function ourClient(port: number): Client {
  const transport = new HttpDeploymentTransport();
  const uri = `http://127.0.0.1:${port}/`;
  const endpoint = { kind: 'http', uri, httpVersion: 'HTTP/2.0' } as const;
  const request = {
    endpoint,
    method: 'POST',
    path: '/invoke/Bench/run',
    headers: HEADERS,
  } as const;
  return {
    name: 'ours',
    exchange: () =>
      new Promise((resolve, reject) => {
        let received = 0;
        const stream = transport.open(request, {
          onResponse() {},
          onData(chunk) {
            if (received === 0) {
              stream.write(SECOND);
              stream.end();
            }
            received += chunk.length;
          },
          onEnd() {
            resolve(received);
          },
          onFailure(failure) {
            reject(new Error(failure.message));
          },
        });
        stream.write(FIRST);
      }),
    close: () => transport.close(),
  };
}

function nodeClient(port: number): Client {
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 2 ** 21 },
  });
  const headers = {
    ':method': 'POST',
    ':path': '/invoke/Bench/run',
    ...Object.fromEntries(HEADERS),
  };
  return {
    name: 'node:http2',
    exchange: () =>
      new Promise((resolve, reject) => {
        let received = 0;
        const stream = session.request(headers, { endStream: false });
        stream.on('data', (chunk: Buffer) => {
          if (received === 0) stream.end(SECOND);
          received += chunk.length;
        });
        stream.on('end', () => resolve(received));
        stream.on('error', reject);
        stream.write(FIRST);
      }),
    close: () => new Promise((resolve) => session.close(resolve)),
  };
}

async function run(client: Client, concurrency: number, streams: number): Promise<Sample> {
  const latencies: number[] = [];
  let checksum = 0;
  let started = 0;
  async function lane(): Promise<void> {
    while (started < streams) {
      started++;
      const begunAt = performance.now();
      const received = await client.exchange();
      checksum += received;
      latencies.push((performance.now() - begunAt) * 1000);
    }
  }
  const cpuBefore = process.cpuUsage();
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - begunAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  latencies.sort((left, right) => left - right);
  return {
    cpuMicros: (cpu.user + cpu.system) / streams,
    p50Micros: latencies[Math.floor(streams * 0.5)] ?? 0,
    p99Micros: latencies[Math.floor(streams * 0.99)] ?? 0,
    streamsPerSecond: streams / seconds,
    checksum,
  };
}

function rowOf(name: string, samples: readonly Sample[]): MicroRow {
  return {
    case: name,
    figures: {
      cpuMicrosPerStream: median(samples.map((sample) => sample.cpuMicros)),
      p50Micros: median(samples.map((sample) => sample.p50Micros)),
      p99Micros: median(samples.map((sample) => sample.p99Micros)),
      streamsPerSecond: median(samples.map((sample) => sample.streamsPerSecond)),
    },
    checksum: samples[0]?.checksum ?? 0,
  };
}

async function compare(port: number, size: BenchSize): Promise<readonly MicroRow[]> {
  const clients = [ourClient(port), nodeClient(port)];
  const { rounds, streams } = SIZES[size];
  const rows: MicroRow[] = [];
  for (const client of clients) await run(client, 64, streams[128]);
  for (const concurrency of CONCURRENCIES) {
    const samples = clients.map((): Sample[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, client] of clients.entries()) {
        samples[index]?.push(await run(client, concurrency, streams[concurrency]));
      }
    }
    for (const [index, client] of clients.entries()) {
      rows.push(rowOf(`${client.name}, ${concurrency} at once`, samples[index] ?? []));
    }
  }
  for (const client of clients) await client.close();
  return rows;
}

export const HTTP2: MicroBench = {
  name: 'http2',
  question: 'what does one full-duplex stream to a deployment cost the client?',
  decides: 'whether a client of our own is worth its code; it is while it costs under half',
  async run(size) {
    const server = fork(fileURLToPath(new URL('./http2-server.js', import.meta.url)));
    try {
      return await compare(await portOf(server), size);
    } finally {
      server.disconnect();
    }
  },
};

function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve) => server.once('message', (port) => resolve(Number(port))));
}
