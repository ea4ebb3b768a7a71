// Every key that the file and the environment may have.
import { FOREIGN_OPTIONS } from './foreign-options.ts';
import { OPTION_LIST } from './options.ts';
import type { AnyValueType } from './value-type.ts';

/**
 * Keys of earlier versions of the reference server, and what they are called now. Whoever says both
 * gets the value of the old one. Source: seen on the reference 1.7.12.
 */
export const DEPRECATED_KEYS: ReadonlyMap<string, string> = new Map([
  ['http-proxy', 'worker.invoker.http-proxy'],
  ['no-proxy', 'worker.invoker.no-proxy'],
  ['aws-profile', 'worker.invoker.aws-profile'],
  ['aws-assume-role-external-id', 'worker.invoker.aws-assume-role-external-id'],
  ['request-compression-threshold', 'worker.invoker.request-compression-threshold'],
  ['request-identity-private-key-pem-file', 'worker.invoker.request-identity-private-key-pem-file'],
  ['connect-timeout', 'worker.invoker.connect-timeout'],
  ['additional-request-headers', 'worker.invoker.additional-request-headers'],
  ['initial-max-send-streams', 'worker.invoker.http2-initial-max-send-streams'],
  ['http-keep-alive-options.interval', 'worker.invoker.http2-keep-alive-interval'],
  ['http-keep-alive-options.timeout', 'worker.invoker.http2-keep-alive-timeout'],
  ['ingress.advertised-ingress-endpoint', 'ingress.advertised-address'],
  ['admin.advertised-admin-endpoint', 'admin.advertised-address'],
]);

const TYPES: ReadonlyMap<string, AnyValueType> = new Map([
  ...OPTION_LIST.map(([, { key, type }]) => [key, type] as const),
  ...[...FOREIGN_OPTIONS.values()].map(({ key, type }) => [key, type] as const),
]);

/** The type of the option that the key stands for, by whatever name. */
export const KNOWN_KEYS: ReadonlyMap<string, AnyValueType> = new Map([
  ...TYPES,
  ...[...DEPRECATED_KEYS].flatMap(([old, current]) => {
    const type = TYPES.get(current);
    return type === undefined ? [] : [[old, type] as const];
  }),
]);

const TABLES: ReadonlySet<string> = new Set([...KNOWN_KEYS.keys()].flatMap(tablesOf));

function tablesOf(key: string): readonly string[] {
  const parts = key.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

/** Some option lies in the table of this name. */
export function holdsOptions(table: string): boolean {
  return TABLES.has(table);
}
