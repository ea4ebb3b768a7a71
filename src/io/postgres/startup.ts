// What a client sends first. Source: PostgreSQL 18, "Message Flow", "Message Formats".
import { BodyReader } from './body-reader.ts';
import { fatal } from './postgres-error.ts';

/** Protocol version as one number: major in the upper half, minor in the lower. */
export const PROTOCOL_3_0 = 0x0003_0000;
/** The newest that this server speaks. */
export const PROTOCOL_3_2 = 0x0003_0002;

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_ENCRYPTION_REQUEST = 80_877_104;

const CANCEL_KEY_BYTES_MAX = 256;

export interface SessionRequest {
  readonly kind: 'session';
  /** The version to be spoken, not newer than this server's or the client's. */
  readonly version: number;
  /** The client wants something newer, and has to be told what it gets. */
  readonly isNegotiated: boolean;
  /** Protocol options that this server does not know. */
  readonly unknownOptions: readonly string[];
  /** `user`, `database`, `options` and any setting. */
  readonly parameters: ReadonlyMap<string, string>;
}

export type StartupRequest =
  | SessionRequest
  | { readonly kind: 'encryption'; readonly method: 'ssl' | 'gss' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly key: Buffer };

/** Throws a fatal `PostgresError` for what is no startup packet of version 3. */
export function readStartup(body: Buffer): StartupRequest {
  const reader = new BodyReader(body);
  const code = reader.uint32();
  switch (code) {
    case CANCEL_REQUEST:
      return readCancel(reader);
    case SSL_REQUEST:
      return { kind: 'encryption', method: 'ssl' };
    case GSS_ENCRYPTION_REQUEST:
      return { kind: 'encryption', method: 'gss' };
    default:
      if (code >>> 16 !== PROTOCOL_3_0 >>> 16) throw unsupportedVersion(code);
      return readSession(code, reader);
  }
}

export function unsupportedVersion(code: number): Error {
  const version = `${code >>> 16}.${code & 0xffff}`;
  return fatal(
    'unsupported',
    `unsupported frontend protocol ${version}: server supports 3.0 to 3.2`,
  );
}

/** Code of a request for encryption, for the message about a second one. */
export function encryptionCode(method: 'ssl' | 'gss'): number {
  return method === 'ssl' ? SSL_REQUEST : GSS_ENCRYPTION_REQUEST;
}

function readCancel(reader: BodyReader): StartupRequest {
  const processId = reader.int32();
  const key = reader.rest();
  if (key.length === 0 || key.length > CANCEL_KEY_BYTES_MAX) {
    throw fatal('protocolViolation', 'invalid length of cancel key');
  }
  return { kind: 'cancel', processId, key };
}

function readSession(code: number, reader: BodyReader): SessionRequest {
  const parameters = new Map<string, string>();
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    parameters.set(name, reader.text());
  }
  reader.end();
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  for (const name of unknownOptions) parameters.delete(name);
  return {
    kind: 'session',
    version: Math.min(code, PROTOCOL_3_2),
    isNegotiated: code > PROTOCOL_3_2 || unknownOptions.length > 0,
    unknownOptions,
    parameters,
  };
}
