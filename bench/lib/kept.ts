// What of a benchmark may be kept: results that later ones are held against. Pure.
import { ToolError } from '../../tools/lib/errors.ts';
import { MIN_PAIRS } from './compare.ts';

/** How a benchmark is run. */
export interface RunOptions {
  readonly pairs: number;
  /** Default: all cases. */
  readonly only?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws BENCH_USAGE where `--write` would keep a result with less in it, or of something else, than the one it replaces. */
export function requireKeepable({ pairs, only, env }: RunOptions): void {
  if (only !== undefined) {
    throw refused('--only leaves cases out that the kept result has', 'Leave out --only');
  }
  if (pairs < MIN_PAIRS) {
    throw refused(`of --pairs ${pairs} no interval can be trusted`, `Run ${MIN_PAIRS} pairs at least`);
  }
  if ((env['BENCH_FATHOM_ARGUMENTS'] ?? '').trim() !== '') {
    throw refused('BENCH_FATHOM_ARGUMENTS changes what is timed', 'Unset it');
  }
}

function refused(why: string, remedy: string): ToolError {
  return new ToolError('BENCH_USAGE', `Reading --write: ${why}`, {
    hint: `${remedy}, or let the result go elsewhere: --output FILE instead of --write.`,
  });
}
