import type { SchemaReader } from '../../actors/ports.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { refusals } from './errors.ts';
import { jsonResponse } from './respond.ts';

/** Names every registered service, the private ones included. GET only. */
export function reportHealth(request: HttpRequest, schema: SchemaReader): HttpResponse {
  if (request.method !== 'GET') throw refusals.methodNotAllowed();
  return jsonResponse({ services: [...schema.current().services.keys()] });
}
