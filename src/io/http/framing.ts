// Where a request ends must not be a matter of opinion: a proxy in front that sees the end elsewhere
// lets one client slip requests into another one's connection.
import type { HeaderFields } from './exchange.ts';

/** Longer ones are no number that is counted exactly. */
const LENGTH = /^\d{1,15}$/;

/** At most one length, which is a number, or one transfer coding, which is `chunked`; and no field without a name. */
export function isFramingSound(headers: HeaderFields): boolean {
  let contentLength: string | undefined;
  let isChunked = false;
  for (const [name, value] of headers) {
    if (name === 'content-length') {
      if (!LENGTH.test(value)) return false;
      if (contentLength !== undefined && contentLength !== value) return false;
      contentLength = value;
    } else if (name === 'transfer-encoding') {
      if (isChunked || value.toLowerCase() !== 'chunked') return false;
      isChunked = true;
    } else if (name === '') {
      return false;
    }
  }
  return !isChunked || contentLength === undefined;
}
