import type { LambdaEndpoint } from '../../actors/domain/endpoint.ts';
import type { DeploymentRequest } from '../../actors/ports.ts';
import type { FailureReason } from './failures.ts';

/** How functions are called. Plain data, so that partition threads can be given it. */
export interface LambdaSettings {
  /** Of the AWS configuration files; default is the one that AWS's own variables name. */
  readonly profile: string | undefined;
  /** Sent when a role is assumed. */
  readonly externalId: string | undefined;
  /** From how many bytes on a request body is compressed, if its deployment can read that. */
  readonly compressionThresholdBytes: number;
  /** Largest answer, both as AWS gives it and decompressed. Unit: bytes, inclusive. */
  readonly answerBytesMax: number;
}

/** The request of one exchange. */
export interface FunctionCall extends Pick<DeploymentRequest, 'method' | 'path' | 'headers'> {
  readonly endpoint: LambdaEndpoint;
  readonly body: Uint8Array;
  /** Gives the call up. The function may run all the same. */
  readonly signal: AbortSignal;
}

export type FunctionReply =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly reason: FailureReason };
