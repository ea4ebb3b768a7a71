// Request identity: requests to deployments carry a JSON Web Token, signed with the operator's Ed25519
// key, that names the path and the object key. A deployment that knows the public key can refuse
// requests of everybody else.
import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { RequestIdentity } from '../../actors/ports.ts';

export interface IdentityKey {
  /** `publickeyv1_…`: the public key, as services are configured with it. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export type IdentityKeyParse =
  | { readonly kind: 'key'; readonly key: IdentityKey }
  | { readonly kind: 'invalid'; readonly reason: string };

export interface RequestIdentityOptions {
  readonly key: IdentityKey;
  /** From the signing to the expiry of a token; at least 1,000. Unit: milliseconds. */
  readonly expirationMs: number;
  /** Unit: milliseconds since 1970. */
  readonly now: () => number;
}

type Headers = ReturnType<RequestIdentity['headersFor']>;

/** Requests say nothing about who sends them. */
const NO_HEADERS: Headers = [];

/** Requests say nothing about who sends them. */
export const NO_REQUEST_IDENTITY: RequestIdentity = { headersFor: () => NO_HEADERS };

const PEM_BLOCK = /^-----BEGIN ([^-\r\n]*)-----$/gm;
/** Bytes of an Ed25519 public key, which end its SubjectPublicKeyInfo. */
const PUBLIC_KEY_BYTES = 32;
const EXPIRATION_MS_MIN = 1000;
/** Tokens remembered for the current second; far more than can be signed in it. */
const TOKENS_CACHED_MAX = 50_000;

/** Reads one PKCS#8 Ed25519 private key in PEM form, as `openssl genpkey -algorithm ed25519` writes it. */
export function parseIdentityKey(pem: string): IdentityKeyParse {
  const blocksCount = [...pem.matchAll(PEM_BLOCK)].length;
  if (blocksCount !== 1) {
    return invalid(`expected one private key in PEM form, found ${blocksCount} PEM blocks`);
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' });
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    return invalid(`expected an ed25519 key, found ${privateKey.asymmetricKeyType}`);
  }
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const keyId = `publickeyv1_${encodeBase58(spki.subarray(-PUBLIC_KEY_BYTES))}`;
  return { kind: 'key', key: { keyId, privateKey } };
}

function invalid(reason: string): IdentityKeyParse {
  return { kind: 'invalid', reason };
}

/** Signs requests with `key`. */
export function createRequestIdentity(options: RequestIdentityOptions): RequestIdentity {
  return new SigningIdentity(options);
}

class SigningIdentity implements RequestIdentity {
  readonly #key: IdentityKey;
  readonly #now: () => number;
  readonly #lifetimeSeconds: number;
  readonly #encodedHeader: string;
  // A token is determined by the second, the path and the object key, and so is its signature. Hence
  // what was signed in this second can be sent again; signing costs more than the rest of a request.
  readonly #headersOfSecond = new Map<string, Headers>();
  #second = 0;

  constructor({ key, expirationMs, now }: RequestIdentityOptions) {
    this.#key = key;
    this.#now = now;
    this.#lifetimeSeconds = Math.floor(Math.max(expirationMs, EXPIRATION_MS_MIN) / 1000);
    this.#encodedHeader = encodeJson({ typ: 'JWT', alg: 'EdDSA', kid: key.keyId });
  }

  headersFor(path: string, objectKey: string | undefined): Headers {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second || this.#headersOfSecond.size >= TOKENS_CACHED_MAX) {
      this.#headersOfSecond.clear();
      this.#second = second;
    }
    // No path holds a line feed.
    const request = objectKey === undefined ? path : `${path}\n${objectKey}`;
    let headers = this.#headersOfSecond.get(request);
    if (headers === undefined) {
      const token = this.#signToken(path, objectKey, second);
      headers = [
        ['x-restate-signature-scheme', 'v1'],
        ['x-restate-jwt-v1', token],
      ];
      this.#headersOfSecond.set(request, headers);
    }
    return headers;
  }

  #signToken(path: string, objectKey: string | undefined, second: number): string {
    const claims = encodeJson({
      aud: path,
      exp: second + this.#lifetimeSeconds,
      iat: second,
      // For clocks that lag. Source: seen on the reference.
      nbf: second - this.#lifetimeSeconds,
      ...(objectKey !== undefined && { sub: objectKey }),
    });
    const signed = `${this.#encodedHeader}.${claims}`;
    const signature = sign(null, Buffer.from(signed), this.#key.privateKey);
    return `${signed}.${signature.toString('base64url')}`;
  }
}

function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const BASE58_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The bytes as one big-endian number in base 58; each leading zero byte is a leading `1`. */
export function encodeBase58(bytes: Uint8Array): string {
  let text = '';
  let rest = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  for (; rest > 0n; rest /= 58n) text = BASE58_ALPHABET.charAt(Number(rest % 58n)) + text;
  const zerosCount = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zerosCount === -1 ? bytes.length : zerosCount) + text;
}
