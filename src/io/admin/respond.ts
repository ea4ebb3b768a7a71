import type { HeaderFields, HttpResponse } from '../http/exchange.ts';

export function jsonResponse(
  status: number,
  value: unknown,
  headers: HeaderFields = [],
): HttpResponse {
  const contentType = ['content-type', 'application/json'] as const;
  return { status, headers: [contentType, ...headers], body: JSON.stringify(value) };
}

export function textResponse(status: number, text: string): HttpResponse {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body: text };
}

export function emptyResponse(status: number, headers: HeaderFields = []): HttpResponse {
  return { status, headers, body: '' };
}
