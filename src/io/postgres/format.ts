import { ValueFormat } from './frontend-message.ts';
import { PostgresError } from './postgres-error.ts';

/** The format of one value: none given means text, one given means all. */
export function formatOf(formats: readonly ValueFormat[], index: number): ValueFormat {
  if (formats.length > 1) return formats[index] ?? ValueFormat.text;
  return formats[0] ?? ValueFormat.text;
}

/** Throws `PostgresError` unless there are no formats, one, or one for each value. */
export function checkFormats(
  formats: readonly ValueFormat[],
  valuesCount: number,
  what: 'parameter' | 'result',
): void {
  if (formats.length <= 1 || formats.length === valuesCount) return;
  throw new PostgresError(
    'protocolViolation',
    `bind message has ${formats.length} ${what} formats but ${valuesCount} ${what}s`,
  );
}
