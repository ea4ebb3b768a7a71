import type { HttpHandler } from '../http/exchange.ts';
import { emptyResponse } from './respond.ts';

/** Answers 429 to what comes while `requestsMax` requests are being handled. */
export function limitConcurrency(
  handler: HttpHandler,
  requestsMax: number | undefined,
): HttpHandler {
  if (requestsMax === undefined) return handler;
  let requestsCount = 0;
  return async (request) => {
    if (requestsCount >= requestsMax) return emptyResponse(429);
    requestsCount += 1;
    try {
      return await handler(request);
    } finally {
      requestsCount -= 1;
    }
  };
}
