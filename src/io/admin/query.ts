// Parameters of a query string.
import { AdminError } from './admin-error.ts';

/** The only value of a parameter. */
export function readParameter(query: string | undefined, name: string): string | undefined {
  const [value, ...more] = new URLSearchParams(query).getAll(name);
  if (more.length > 0) throw invalidQuery(`duplicate field \`${name}\``);
  return value;
}

export function invalidQuery(reason: string): AdminError {
  return new AdminError('invalidQuery', `Failed to deserialize query string: ${reason}`);
}
