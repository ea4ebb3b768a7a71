/** A broken invariant: a defect of Reprise, never the fault of a client. Ends the thread that finds it. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Ends the thread unless `condition` holds. `statement` says what must hold. */
export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new InvariantError(statement);
}

/** The value, which an invariant guarantees to be there. `statement` says why. */
export function must<T>(value: T | undefined | null, statement: string): T {
  if (value === undefined || value === null) throw new InvariantError(statement);
  return value;
}

/** Marks the branch of an exhaustive `switch` that types rule out. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected case: ${JSON.stringify(value)}`);
}
