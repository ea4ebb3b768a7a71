// Where a request ends must not be a matter of opinion: a proxy in front that sees the end elsewhere
// lets one client slip requests into another one's connection.
import type { HeaderFields } from './exchange.ts';

/** One length that is a number, and no transfer coding or one that ends with `chunked`. */
export function isFramingSound(headers: HeaderFields): boolean {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  for (const [name, value] of headers) {
    if (name === 'content-length') {
      if (!/^\d+$/.test(value)) return false;
      if (contentLength !== undefined && contentLength !== value) return false;
      contentLength = value;
    } else if (name === 'transfer-encoding') {
      transferEncoding = value;
    }
  }
  return transferEncoding === undefined || /(?:^|[\s,])chunked$/i.test(transferEncoding);
}
