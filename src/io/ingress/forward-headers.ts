import type { Header } from '../../actors/attempt/service-message.ts';
import type { HeaderFields } from '../http/exchange.ts';
import { checkHeaderValue } from './header-value.ts';

const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'idempotency-key',
  'idempotency-expires',
]);

/** The headers a handler sees: the path first, then the first value of every request header. */
export function forwardHeaders(fields: HeaderFields, ingressPath: string): readonly Header[] {
  const forwarded: Header[] = [{ key: 'x-restate-ingress-path', value: ingressPath }];
  for (const [name, value] of fields) {
    if (NOT_FORWARDED.has(name) || isForwarded(forwarded, name)) continue;
    forwarded.push({ key: name, value: checkHeaderValue(name, value) });
  }
  return forwarded;
}

/** Requests have few headers, so a scan is cheaper than a set. The first entry is not the client's. */
function isForwarded(forwarded: readonly Header[], name: string): boolean {
  for (let at = 1; at < forwarded.length; at += 1) if (forwarded[at]?.key === name) return true;
  return false;
}
