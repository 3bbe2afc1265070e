// The arguments of //services/redis:reshard. Pure.
import { ToolError } from '../../../tools/lib/errors.ts';

/** What is to be done where. */
export interface ReshardArgs {
  readonly environment: string;
  readonly masters: number;
}

/** Throws REDIS_USAGE for what is missing, given twice or unknown. */
export function parseReshardArgs(argv: readonly string[]): ReshardArgs {
  const given = new Map<string, string>();
  for (const argument of argv) {
    const [, name = '', value = ''] = /^--(env|masters)=(.+)$/.exec(argument) ?? [];
    if (name === '' || given.has(name)) throw usage(`'${argument}' is not understood`);
    given.set(name, value);
  }
  const environment = given.get('env') ?? '';
  const masters = given.get('masters') ?? '';
  if (!/^[a-z0-9-]+$/.test(environment)) throw usage('--env must name an environment');
  if (!/^\d{1,4}$/.test(masters)) throw usage('--masters must be a number');
  return { environment, masters: Number(masters) };
}

function usage(problem: string): ToolError {
  return new ToolError('REDIS_USAGE', `Moving slots: ${problem}`, {
    hint: 'Write `bazel run //services/redis:reshard -- --env=dev --masters=4`.',
  });
}
