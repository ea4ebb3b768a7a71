import type { BodyResult } from '../http/exchange.ts';
import { refusals } from './errors.ts';

/** The bytes of a body; throws the refusal of one that is too long or cannot be read. */
export function bodyBytes(result: BodyResult): Uint8Array {
  switch (result.kind) {
    case 'body':
      return result.bytes;
    case 'tooLarge':
      throw refusals.bodyTooLarge();
    case 'failed':
      throw refusals.unreadableBody(result.message);
  }
}
