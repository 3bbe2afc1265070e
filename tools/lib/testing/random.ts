// Random numbers that a test can have again: by a seed, which it prints.

export { createRandom } from '../random.ts';

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
