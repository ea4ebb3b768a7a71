// Receives traces over OTLP, by HTTP or by gRPC, as a collector would.
import { type Metadata, Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSpans, type ReceivedSpan } from './otlp-spans.ts';
import { waitFor } from './wait.ts';

export type OtlpTransport = 'http' | 'grpc';

/** Headers or metadata of one export, names in lower case. */
export type ExportHeaders = Readonly<Record<string, string>>;

export class OtlpReceiver {
  /** As `tracing-endpoint` wants it. */
  readonly url: string;
  readonly spans: ReceivedSpan[] = [];
  readonly exports: ExportHeaders[] = [];
  readonly #close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.#close = close;
  }

  static start(transport: OtlpTransport, port = 0): Promise<OtlpReceiver> {
    return transport === 'http' ? OtlpReceiver.#startHttp(port) : OtlpReceiver.#startGrpc(port);
  }

  static async #startHttp(port: number): Promise<OtlpReceiver> {
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = { ':path': request.url, ':method': request.method, ...request.headers };
        receiver.#receive(Buffer.concat(chunks), headers);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { port: bound } = server.address() as AddressInfo;
    const receiver = new OtlpReceiver(`otlp+http://127.0.0.1:${bound}/v1/traces`, () => {
      server.close();
      server.closeAllConnections();
    });
    return receiver;
  }

  static async #startGrpc(port: number): Promise<OtlpReceiver> {
    const server = new GrpcServer();
    server.addService(TRACE_SERVICE, {
      export: (
        call: { readonly request: Buffer; readonly metadata: Metadata },
        answer: (error: null, reply: Buffer) => void,
      ) => {
        receiver.#receive(call.request, call.metadata.getMap());
        answer(null, Buffer.alloc(0));
      },
    });
    const bound = await new Promise<number>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, boundPort) => {
        if (error === null) resolve(boundPort);
        else reject(error);
      });
    });
    const receiver = new OtlpReceiver(`http://127.0.0.1:${bound}`, () => server.forceShutdown());
    return receiver;
  }

  /** Waits for a span that matches; bounded. */
  find(what: string, matches: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    return waitFor(what, () => this.spans.find(matches));
  }

  close(): void {
    this.#close();
  }

  #receive(body: Uint8Array, headers: Readonly<Record<string, unknown>>): void {
    this.exports.push(
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    );
    this.spans.push(...readSpans(body));
  }
}

const identity = (bytes: Buffer): Buffer => bytes;

const TRACE_SERVICE = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};
