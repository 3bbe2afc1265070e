// Random numbers that a test can have again: by a seed, which it prints.

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FATHOM_SEED, else a new seed; printed, so that a failure can be had again. */
export function chooseSeed(): number {
  const given = Number(process.env['FATHOM_SEED']);
  const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;
  process.stdout.write(`FATHOM_SEED=${seed}\n`);
  return seed;
}

/** How many rounds: of the environment variable, else `usual`. */
export function roundsOf(variable: string, usual: number): number {
  const given = Number(process.env[variable]);
  return Number.isInteger(given) && given > 0 ? given : usual;
}
