// Texts of transport failures. `error when calling '…': …` and the connect failures read like the
// reference's, which users know from their logs.
import type { DurationMs } from '../../actors/domain/time.ts';
import type { TransportFailure } from '../../actors/ports.ts';
import { ErrorCode, errorName } from './http2-frames.ts';

/** A failure before it is known whose it is: each stream adds the URI it called. */
export interface FailureReason {
  readonly kind: TransportFailure['kind'];
  readonly text: string;
  readonly retryAfterMs?: DurationMs | undefined;
}

/** `name` is the URI or the ARN that was called. */
export function failureOf(
  name: string,
  { kind, text, retryAfterMs }: FailureReason,
): TransportFailure {
  const message = `error when calling '${name}': ${text}`;
  return retryAfterMs === undefined ? { kind, message } : { kind, message, retryAfterMs };
}

/** Source: the reference's answer when its HTTP/2 client meets a server that has only HTTP/1.1. */
export const HTTP11_ONLY: FailureReason = {
  kind: 'http11Only',
  text: 'server possibly supports only HTTP1.1, consider discovery with --use-http1.1.',
};

// Linux texts and numbers, whatever the platform, because that is what the reference shows.
const SYSTEM_ERROR_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied (os error 13)',
  EADDRNOTAVAIL: 'Cannot assign requested address (os error 99)',
  EAI_AGAIN: 'failed to lookup address information: Temporary failure in name resolution',
  ECONNABORTED: 'Software caused connection abort (os error 103)',
  ECONNREFUSED: 'Connection refused (os error 111)',
  ECONNRESET: 'Connection reset by peer (os error 104)',
  EHOSTUNREACH: 'No route to host (os error 113)',
  EMFILE: 'Too many open files (os error 24)',
  ENETUNREACH: 'Network is unreachable (os error 101)',
  ENOTFOUND: 'failed to lookup address information: Name or service not known',
  EPIPE: 'Broken pipe (os error 32)',
  ETIMEDOUT: 'Connection timed out (os error 110)',
  CERT_HAS_EXPIRED: 'invalid peer certificate: Expired',
  CERT_NOT_YET_VALID: 'invalid peer certificate: NotValidYet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'invalid peer certificate: UnknownIssuer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'invalid peer certificate: NotValidForName',
  SELF_SIGNED_CERT_IN_CHAIN: 'invalid peer certificate: UnknownIssuer',
  UNABLE_TO_GET_ISSUER_CERT: 'invalid peer certificate: UnknownIssuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'invalid peer certificate: UnknownIssuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'invalid peer certificate: UnknownIssuer',
};

/** What went wrong with a socket, in the words of the reference where it has some. */
export function describeSocketError(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return (code !== undefined && SYSTEM_ERROR_TEXTS[code]) || error.message || code || error.name;
}

export function connectFailure(detail: string): FailureReason {
  return { kind: 'connect', text: `h2 pool connection error: ${detail}` };
}

export function protocolFailure(detail: string): FailureReason {
  return { kind: 'protocol', text: `HTTP/2 protocol error: ${detail}` };
}

export function connectionLost(detail: string): FailureReason {
  return { kind: 'connectionLost', text: `connection lost: ${detail}` };
}

/** What a RST_STREAM with `code` means for its stream. */
export function failureOfReset(code: number): FailureReason {
  if (code === ErrorCode.http11Required) return HTTP11_ONLY;
  const kind = code === ErrorCode.refusedStream ? 'refused' : 'reset';
  return { kind, text: `stream reset by the deployment: ${errorName(code)}` };
}

/** For the streams that a GOAWAY with `code` says were not looked at. */
export function refusedByGoaway(code: number): FailureReason {
  return { kind: 'refused', text: `connection closed by the deployment: ${errorName(code)}` };
}
