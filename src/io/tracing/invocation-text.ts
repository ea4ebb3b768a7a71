// How spans name invocations and what happens to them. Source: seen on the reference 1.7.12.
import type { CommandMessage } from '../../actors/attempt/service-message.ts';
import { type InvocationTarget, targetKey } from '../../actors/domain/invocation.ts';

/** One name for all keys of a service, so that spans of one kind can be found together. */
export function spanName(what: string, target: InvocationTarget): string {
  const { service, handler } = target;
  return target.kind === 'service'
    ? `${what} ${service}/${handler}`
    : `${what} ${service}/{key}/${handler}`;
}

export function targetText(target: InvocationTarget): string {
  const { service, handler } = target;
  const key = targetKey(target);
  return key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`;
}

/** `Command/OneWayCall`. */
export function commandText(kind: CommandMessage['kind']): string {
  return `Command/${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [400, 'Bad request'],
  [404, 'Not found'],
  [409, 'Aborted'],
  [410, 'Gone'],
  [415, 'Unsupported media type'],
  [470, 'Not ready'],
  [500, 'Internal'],
  [570, 'Journal mismatch'],
  [571, 'Protocol violation'],
  [572, 'Awaiting two async results'],
  [573, 'Unsupported feature'],
]);

/** `409 Aborted`; codes without a name stand alone. */
export function failureCodeText(code: number): string {
  const name = CODE_NAMES.get(code);
  return name === undefined ? String(code) : `${code} ${name}`;
}
