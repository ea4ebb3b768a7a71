// A gRPC client for the node port, by grpc-js.
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { NODE_MESSAGES } from '../../src/io/node/protocol.ts';

const { root } = protobuf.parse(NODE_MESSAGES, { keepCase: true });

/** Services by the short names that tests use. */
const SERVICES = {
  NodeCtl: 'restate.node_ctl_svc.NodeCtlSvc',
  ClusterCtrl: 'restate.cluster_ctrl.ClusterCtrlSvc',
  MetadataProxy: 'restate.metadata_proxy_svc.MetadataProxySvc',
  MetadataServer: 'restate.metadata_server_svc.MetadataServerSvc',
} as const;

export type ServiceName = keyof typeof SERVICES;

export interface NodeCall {
  readonly service: ServiceName;
  readonly method: string;
  /** Default: `Empty` without fields. */
  readonly request?: readonly [type: string, fields: object] | undefined;
  /** Default: `Empty`. */
  readonly response?: string | undefined;
}

export function pathOf({ service, method }: NodeCall): string {
  return `/${SERVICES[service]}/${method}`;
}

export function encodeMessage(type: string, fields: object): Buffer {
  const message = root.lookupType(type);
  return Buffer.from(message.encode(message.fromObject(fields)).finish());
}

export function decodeMessage(type: string, bytes: Uint8Array): unknown {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: Number, enums: String });
}

/** What came of a call: the reply, or the status. */
export type NodeReply =
  | { readonly kind: 'reply'; readonly message: unknown }
  | { readonly kind: 'refused'; readonly code: number; readonly details: string };

export class NodeClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** `ca` for TLS; `authorization` as in HTTP; the address may be `unix:/path`. */
  constructor(
    nodeUrl: string,
    { ca, authorization }: { readonly ca?: string; readonly authorization?: string } = {},
  ) {
    const channel =
      ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
    const address = nodeUrl.startsWith('unix:') ? nodeUrl : new URL(nodeUrl).host;
    this.#client = new Client(address, channel);
    if (authorization !== undefined) this.#metadata.set('authorization', authorization);
  }

  call(call: NodeCall): Promise<NodeReply> {
    const { request: [type, fields] = ['Empty', {}], response = 'Empty' } = call;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        pathOf(call),
        (message: object) => encodeMessage(type, message),
        (bytes) => decodeMessage(response, bytes),
        fields,
        this.#metadata,
        (error: ServiceError | null, message?: unknown) => {
          if (error === null) resolve({ kind: 'reply', message });
          else resolve({ kind: 'refused', code: error.code, details: error.details });
        },
      );
    });
  }

  /** The reply of a call that is not refused. */
  async ask(call: NodeCall): Promise<unknown> {
    const reply = await this.call(call);
    if (reply.kind === 'reply') return reply.message;
    throw new Error(`${pathOf(call)} is refused with ${reply.code}: ${reply.details}`);
  }

  close(): void {
    this.#client.close();
  }
}
