// gRPC over connections that somebody else has accepted. Loaded with the first of them: the two
// libraries take 20 MB.
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  status,
  type sendUnaryData,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { Duplex } from 'node:stream';
import protobuf from 'protobufjs';
import { assert } from '../../actors/domain/assert.ts';
import { LISTENER_LIMITS } from '../../actors/domain/limits.ts';
import type { Access } from '../http/access.ts';
import type { Logger } from '../log.ts';
import { decompressZstd } from '../zstd.ts';
import {
  GrpcRefusal,
  type GrpcMessage,
  type GrpcMethod,
  type GrpcService,
} from './grpc-service.ts';
import { NODE_MESSAGES } from './protocol.ts';

const UNAUTHORIZED = 'unauthorized, a valid token is required';

export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  /** Absent: everybody may call everything. */
  readonly access: Access | undefined;
  /** Unit: bytes, inclusive. */
  readonly messageBytesMax: number;
  readonly log: Pick<Logger, 'error'>;
}

export class GrpcServer {
  readonly #injector: ReturnType<Server['createConnectionInjector']>;

  constructor({ services, access, messageBytesMax, log }: GrpcServerOptions) {
    const server = new Server({
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.enable_channelz': 0,
      'grpc.max_connection_idle_ms': LISTENER_LIMITS.idleTimeoutMs,
      // The first one gets the call of the library itself.
      interceptors: [
        decompressing(messageBytesMax),
        ...(access === undefined ? [] : [authorizing(access)]),
      ],
    });
    const { root } = protobuf.parse(NODE_MESSAGES, { keepCase: true });
    for (const service of services) {
      server.addService(definitionOf(service, root), implementationOf(service, log));
    }
    this.#injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Serves a connection that begins with the preface of HTTP/2. */
  serve(connection: Duplex): void {
    this.#injector.injectConnection(connection);
  }

  /** Ends every connection; a call in flight has a moment to be answered. */
  close(): void {
    this.#injector.drain(CLOSE_GRACE_MS);
    this.#injector.destroy();
  }
}

/** Asks for what HTTP asks for, in the metadata of the same name. */
function authorizing(access: Access): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const [authorization] = metadata.get('authorization');
            metadata.remove('authorization');
            if (access.allows(authorization?.toString())) proceed(metadata);
            else call.sendStatus({ code: status.UNAUTHENTICATED, details: UNAUTHORIZED });
          },
        }),
    });
}

/**
 * `restatectl` compresses with zstd, whatever the server says it takes, and grpc-js only knows gzip. Its
 * one place to decompress has no public door, so that this replaces it in each call.
 */
function decompressing(messageBytesMax: number): ServerInterceptor {
  return (_method, call) => {
    const decompress: unknown = Reflect.get(call, 'decompressMessage');
    assert(typeof decompress === 'function', 'grpc-js 1.14 decompresses in decompressMessage');
    Reflect.set(call, 'decompressMessage', async (message: Buffer, encoding: string) => {
      if (encoding !== 'zstd') return decompress.call(call, message, encoding) as unknown;
      const result = await decompressZstd(message.subarray(MESSAGE_HEADER_BYTES), messageBytesMax);
      if (result.kind === 'bytes') return Buffer.from(result.bytes);
      // What grpc-js expects to be thrown is no Error but a status.
      const code = result.kind === 'tooLarge' ? status.RESOURCE_EXHAUSTED : status.INTERNAL;
      return Promise.reject({ code, details: `the message is ${result.kind}` });
    });
    return new ServerInterceptingCall(call);
  };
}

/** How long calls in flight may go on. Unit: milliseconds. */
const CLOSE_GRACE_MS = 200;

/** Before each message: whether it is compressed, and its length. */
const MESSAGE_HEADER_BYTES = 5;

function definitionOf({ name, methods }: GrpcService, root: protobuf.Root): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(methods).map(([method, { request, response }]) => {
      const requestCodec = codecOf(root.lookupType(request));
      const responseCodec = codecOf(root.lookupType(response));
      const definition = {
        path: `/${name}/${method}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: requestCodec.encode,
        requestDeserialize: requestCodec.decode,
        responseSerialize: responseCodec.encode,
        responseDeserialize: responseCodec.decode,
      };
      return [method, definition];
    }),
  );
}

function codecOf(type: protobuf.Type) {
  return {
    encode: (message: GrpcMessage): Buffer =>
      Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (bytes: Uint8Array): GrpcMessage =>
      type.toObject(type.decode(bytes), { defaults: true, longs: Number, enums: String }),
  };
}

function implementationOf({ name, methods }: GrpcService, log: Pick<Logger, 'error'>) {
  return Object.fromEntries(
    Object.entries(methods).map(([method, definition]) => [
      method,
      (call: ServerUnaryCall<GrpcMessage, GrpcMessage>, respond: sendUnaryData<GrpcMessage>) => {
        answer(definition, call.request).then(
          (reply) => respond(null, reply),
          (error: unknown) => respond(statusOf(error, `${name}/${method}`, log)),
        );
      },
    ]),
  );
}

async function answer({ call }: GrpcMethod, request: GrpcMessage): Promise<GrpcMessage> {
  return call(request);
}

function statusOf(error: unknown, method: string, log: Pick<Logger, 'error'>) {
  if (error instanceof GrpcRefusal) return { code: error.status, details: error.message };
  log.error(`answering ${method} failed`, { error });
  return { code: status.INTERNAL, details: 'internal error' };
}
