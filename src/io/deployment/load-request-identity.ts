import { readFileSync } from 'node:fs';
import type { RequestIdentity } from '../../actors/ports.ts';
import {
  createRequestIdentity,
  NO_REQUEST_IDENTITY,
  parseIdentityKey,
  type IdentityKey,
} from './request-identity.ts';

/** How requests are signed. Plain data, so that partition threads can be given it; holds a secret. */
export interface IdentitySettings {
  readonly privateKeyPem: string;
  /** Unit: milliseconds. */
  readonly expirationMs: number;
}

/** Reads the key file; throws an error that names it when it holds no Ed25519 key. */
export function loadIdentityKey(path: string): { readonly pem: string; readonly key: IdentityKey } {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
  const parsed = parseIdentityKey(pem);
  if (parsed.kind === 'invalid') throw unreadable(path, parsed.reason);
  return { pem, key: parsed.key };
}

/** The identity that `settings` describe; without settings requests are not signed. */
export function openRequestIdentity(settings: IdentitySettings | undefined): RequestIdentity {
  if (settings === undefined) return NO_REQUEST_IDENTITY;
  const parsed = parseIdentityKey(settings.privateKeyPem);
  if (parsed.kind === 'invalid') throw new Error(`request identity key: ${parsed.reason}`);
  const { expirationMs } = settings;
  return createRequestIdentity({ key: parsed.key, expirationMs, now: Date.now });
}

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return new Error(`Failed to read request identity private key ${path}: ${reason}`, { cause });
}
