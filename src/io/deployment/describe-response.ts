// Responses of deployments, as refusals quote them.
import { STATUS_CODES } from 'node:http';

/** Unit: characters. */
const QUOTE_LENGTH_MAX = 16 * 1024;

export function quote(text: string): string {
  return text.length <= QUOTE_LENGTH_MAX ? text : `${text.slice(0, QUOTE_LENGTH_MAX)}…`;
}

export function describeStatus(status: number): string {
  return `'${status} ${STATUS_CODES[status] ?? '<unknown status code>'}'`;
}

export function describeHeaders(headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries(headers).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{${quote(fields.join(', '))}}`;
}
