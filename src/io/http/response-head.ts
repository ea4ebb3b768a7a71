// What both listeners send in front of a body.
import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from './exchange.ts';

/** Answer to a handler that failed and to bytes that are no HTTP request. */
export function bareResponse(status: number): HttpResponse {
  return { status, headers: [], body: '', close: true };
}

/** Reason phrase of a response; statuses without a standard one get `<none>`, as on the reference. */
export function reasonPhrase(response: HttpResponse): string {
  return response.reason ?? STATUS_CODES[response.status] ?? '<none>';
}

/** A 204 or 304 has neither a body nor a Content-Length. */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

export function bodyBytesCount(body: Uint8Array | string): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

let dateText = '';
let dateSecond = 0;

/** The value of a `date` header, formatted once a second. */
export function httpDate(): string {
  const nowMs = Date.now();
  const second = Math.floor(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(nowMs).toUTCString();
  }
  return dateText;
}
