/**
 * Settings of a property test. `SEED` and `PROPERTY_RUNS` repeat or lengthen a run; fast-check
 * prints the seed of a failure.
 */
export function propertyParameters(): { numRuns: number; seed?: number } {
  const seed = process.env['SEED'];
  const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 200);
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}
