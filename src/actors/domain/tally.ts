// Counts by name. Nothing is allocated for a name that was counted before.

/** What names beyond the bound are counted as. */
export const OTHER = 'other';

export class Tally {
  readonly #namesMax: number;
  readonly #counts = new Map<string, { count: number }>();

  /** Bounds the names that are told apart, besides `other`. */
  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  add(name: string, count = 1): void {
    const known = this.#counts.get(name);
    if (known === undefined) this.#addNew(name, count);
    else known.count += count;
  }

  /** In the order of their first appearance. */
  *entries(): Iterable<readonly [name: string, count: number]> {
    for (const [name, { count }] of this.#counts) yield [name, count];
  }

  #addNew(name: string, count: number): void {
    if (this.#counts.size < this.#namesMax) this.#counts.set(name, { count });
    else if (this.#counts.has(OTHER)) this.add(OTHER, count);
    else this.#counts.set(OTHER, { count });
  }
}

/** Values kept for a pair of names each, made when the pair first occurs. */
export class PairTable<Value> {
  readonly #pairsMax: number;
  readonly #make: () => Value;
  readonly #values = new Map<string, Map<string, Value>>();
  #other: Value | undefined;
  #pairsCount = 0;

  /** Bounds the pairs that are told apart; the rest share a value. */
  constructor(pairsMax: number, make: () => Value) {
    this.#pairsMax = pairsMax;
    this.#make = make;
  }

  of(first: string, second: string): Value {
    return this.#values.get(first)?.get(second) ?? this.#addPair(first, second);
  }

  *entries(): Iterable<readonly [first: string, second: string, value: Value]> {
    for (const [first, rest] of this.#values) {
      for (const [second, value] of rest) yield [first, second, value];
    }
    if (this.#other !== undefined) yield [OTHER, OTHER, this.#other];
  }

  #addPair(first: string, second: string): Value {
    if (this.#pairsCount >= this.#pairsMax) return (this.#other ??= this.#make());
    this.#pairsCount += 1;
    const value = this.#make();
    const rest = this.#values.get(first);
    if (rest === undefined) this.#values.set(first, new Map([[second, value]]));
    else rest.set(second, value);
    return value;
  }
}
