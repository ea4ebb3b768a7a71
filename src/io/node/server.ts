// The node port 5122: gRPC for `restatectl`, plain HTTP for metrics and health. Thread: main.
import type { Socket } from 'node:net';
import type { Access } from '../http/access.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { guardHandler, type GuardedHandler } from '../http/guard.ts';
import { clusterControlService } from './cluster-control.ts';
import type { NodeContext } from './context.ts';
import type { GrpcServer } from './grpc-server.ts';
import { healthOf } from './ident.ts';
import { metadataProxyService, metadataServerService } from './metadata-store.ts';
import { nodeControlService } from './node-control.ts';

/** Version 0.0.4 of the text format. */
const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const NODE_CHALLENGE = [
  'www-authenticate',
  'Bearer realm="Reprise node", Basic realm="Reprise node", charset="UTF-8"',
] as const;

/** The two halves of the node port, for a listener that takes connections for them. */
export interface NodePort {
  readonly handler: HttpHandler;
  readonly takeHttp2: (socket: Socket) => void;
  /** The same for unix sockets, where nobody is asked for a credential. */
  readonly onSockets: {
    readonly handler: HttpHandler;
    readonly takeHttp2: (socket: Socket) => void;
  };
  /** Ends the gRPC connections. */
  close(): Promise<void>;
}

export function createNodePort(context: NodeContext): NodePort {
  const grpc = new LazyGrpc(context);
  const openGrpc =
    context.access === undefined ? grpc : new LazyGrpc({ ...context, access: undefined });
  const handler = createNodeHandler(context);
  return {
    handler: guardNode(handler, context.access).handler,
    takeHttp2: (socket) => grpc.serve(socket),
    onSockets: { handler, takeHttp2: (socket) => openGrpc.serve(socket) },
    close: async () => {
      await Promise.all([grpc.close(), openGrpc.close()]);
    },
  };
}

/** Asks clients for a credential, but for health. */
function guardNode(handler: HttpHandler, access: Access | undefined): GuardedHandler {
  return guardHandler(handler, {
    access,
    isOpen: ({ path }) => path === '/health',
    refuse: () => {
      const response = text(401, 'unauthorized, a valid token is required\n');
      return { ...response, headers: [NODE_CHALLENGE, ...response.headers] };
    },
  });
}

/** Most servers never see a gRPC connection: its libraries are loaded with the first one. */
class LazyGrpc {
  readonly #context: NodeContext;
  #server: Promise<GrpcServer> | undefined;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  serve(socket: Socket): void {
    this.#server ??= this.#load();
    this.#server.then(
      (server) => server.serve(socket),
      (error: unknown) => {
        this.#context.log.error('gRPC cannot be served', { error });
        socket.destroy();
      },
    );
  }

  async close(): Promise<void> {
    (await this.#server)?.close();
  }

  async #load(): Promise<GrpcServer> {
    const context = this.#context;
    const { GrpcServer } = await import('./grpc-server.ts');
    return new GrpcServer({
      services: [
        nodeControlService(context),
        clusterControlService(context),
        metadataProxyService(context),
        metadataServerService(context),
      ],
      access: context.access,
      messageBytesMax: context.messageBytesMax,
      log: context.log,
    });
  }
}

function createNodeHandler(context: NodeContext): HttpHandler {
  return (request) => {
    switch (request.path) {
      case '/health':
        return ifRead(request, () => healthResponse(context));
      case '/metrics':
        return ifRead(request, () => metricsResponse(context));
      default:
        return text(404, 'there are /health and /metrics\n');
    }
  };
}

function ifRead(
  { method }: HttpRequest,
  answer: () => HttpResponse | Promise<HttpResponse>,
): HttpResponse | Promise<HttpResponse> {
  if (method === 'GET' || method === 'HEAD') return answer();
  return { status: 405, headers: [['allow', 'GET,HEAD']], body: '' };
}

/** 503 while a partition thread hangs: whoever watches may want to start the process anew. */
function healthResponse(context: NodeContext): HttpResponse {
  const { isHealthy, body } = healthOf(context);
  return {
    status: isHealthy ? 200 : 503,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
  };
}

async function metricsResponse({ renderMetrics }: NodeContext): Promise<HttpResponse> {
  return {
    status: 200,
    headers: [['content-type', METRICS_CONTENT_TYPE]],
    body: (await renderMetrics?.()) ?? '',
  };
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body };
}
