// The form of a gRPC service here: its methods by name, each from a request to a reply.

/** Status codes of gRPC, as far as they are used. */
export const GrpcStatus = {
  invalidArgument: 3,
  alreadyExists: 6,
  failedPrecondition: 9,
  unimplemented: 12,
} as const;

export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];

/** Why a call is answered with a status instead of a reply. */
export class GrpcRefusal extends Error {
  override readonly name = 'GrpcRefusal';
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** Fields by name, as protobufjs takes and gives them. */
export type GrpcMessage = Readonly<Record<string, unknown>>;

export interface GrpcMethod {
  /** Names of messages of `protocol.ts`. */
  readonly request: string;
  readonly response: string;
  /** Throws a `GrpcRefusal`. */
  readonly call: (request: GrpcMessage) => GrpcMessage | Promise<GrpcMessage>;
}

export interface GrpcService {
  /** With its package. */
  readonly name: string;
  readonly methods: Readonly<Record<string, GrpcMethod>>;
}

/** A method that says why there is no such thing here, whatever it is asked. */
export function unimplemented(why: string): GrpcMethod {
  return refused(GrpcStatus.unimplemented, why);
}

export function refused(status: GrpcStatus, why: string): GrpcMethod {
  return {
    request: 'Empty',
    response: 'Empty',
    call: () => {
      throw new GrpcRefusal(status, why);
    },
  };
}
