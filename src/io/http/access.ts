// Who may use a server: whoever knows one of its credentials. Pure, so that every server can ask,
// whatever its protocol; the only thing kept of a credential is its SHA-256.
import { createHash, timingSafeEqual } from 'node:crypto';

/** How the digest of a credential is written in place of the credential. */
const DIGEST = /^sha256:([0-9a-f]{64})$/i;

/** Source: RFC 6750, 2.1. No colon, so that no bearer token can be taken for a name with a secret. */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;
const BASIC = /^basic +([\w+/-]+=*) *$/i;

/**
 * One credential as options and files write it: a token, `name:secret`, or `sha256:` with the digest of
 * either. Returned in the last form, which tells nobody the secret.
 */
export function concealCredential(text: string): string {
  const digest = DIGEST.exec(text)?.[1];
  return `sha256:${digest?.toLowerCase() ?? sha256(text).toString('hex')}`;
}

/** The credentials of a file: one in each line; empty lines and those that begin with `#` are none. */
export function readCredentials(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(concealCredential);
}

/** Checks credentials. Takes the same time whether and which one matches. */
export class Access {
  #digests: readonly Buffer[] = [];

  /** In any form that `concealCredential` takes. */
  constructor(credentials: readonly string[]) {
    this.replace(credentials);
  }

  /** Forgets the earlier credentials. */
  replace(credentials: readonly string[]): void {
    this.#digests = credentials.map((credential) =>
      Buffer.from(concealCredential(credential).slice('sha256:'.length), 'hex'),
    );
  }

  /** Checks an `authorization` field: a bearer token, or Basic with what `allowsPassword` takes. */
  allows(authorization: string | undefined): boolean {
    if (authorization === undefined) return false;
    const token = BEARER.exec(authorization)?.[1];
    if (token !== undefined) return this.#knows(token);
    const pair = BASIC.exec(authorization)?.[1];
    if (pair === undefined) return false;
    const text = Buffer.from(pair, 'base64').toString();
    const colonAt = text.indexOf(':');
    return colonAt >= 0 && this.allowsPassword(text.slice(0, colonAt), text.slice(colonAt + 1));
  }

  /** A token counts for every user; the secret of `name:secret` only with its name. */
  allowsPassword(user: string, password: string): boolean {
    const isPair = this.#knows(`${user}:${password}`);
    const isToken = !password.includes(':') && this.#knows(password);
    return isPair || isToken;
  }

  #knows(credential: string): boolean {
    const digest = sha256(credential);
    let isKnown = false;
    for (const known of this.#digests) isKnown = timingSafeEqual(digest, known) || isKnown;
    return isKnown;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
