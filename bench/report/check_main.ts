// bazel run //bench:check -- RESULT.json…: names what is worse in new results than in those of the checkout.
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../tools/lib/cli.ts';
import { ToolError } from '../../tools/lib/errors.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { readResult } from './read_results.ts';
import { TOLERANCE, regressionsOf } from './regressions.ts';

await runMain(async ({ argv, env }) => {
  const command = new Command('check')
    .description('Compares ratios of new results with those in bench/results.')
    .argument('<files...>', 'new results, as `bazel run //bench/<name> -- --output FILE` writes them')
    .parse([...argv], { from: 'user' });
  const known = join(env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(), 'bench/results');
  let compared = 0;
  const worse = [];
  for (const file of command.args) {
    const now = await readResult(userPath(file, env));
    const before = await readResult(join(known, `${now.benchmark}.json`));
    compared += before.comparisons.length;
    worse.push(...regressionsOf(before, now));
  }
  if (worse.length > 0) {
    const lines = worse.map(
      ({ benchmark, name, peer, before, now }) =>
        `  ${benchmark}: ${name}, ${peer}: ${before}× before, ${now === undefined ? 'not run now' : `${now}× now`}`,
    );
    throw new ToolError(
      'BENCH_WORSE',
      `Comparing ${compared} ratios: ${worse.length} are worse by over ${TOLERANCE * 100} %\n${lines.join('\n')}`,
      { hint: 'Find the commit that did it; or write the new results, and say why, where that is meant.' },
    );
  }
  process.stdout.write(`${compared} ratios are as they were, or better\n`);
  return 0;
});
