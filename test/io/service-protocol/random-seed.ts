/** Seed of the random tests of this process. Taken from the variable SEED, else new; always printed. */
export const RANDOM_SEED = Number(process.env['SEED'] ?? Date.now() % 0x7fff_ffff);
console.log(`SEED=${RANDOM_SEED}`);
