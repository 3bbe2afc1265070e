// bazel run //bench:check -- RESULT.json…: names what is worse in new results than in those of the checkout.
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../tools/lib/cli.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { type Renewed, verdictOf } from './check.ts';
import { readResult } from './read_results.ts';

await runMain(async ({ argv, env }) => {
  const command = new Command('check')
    .description('Compares ratios and aims of new results with those in bench/results.')
    .argument('<files...>', 'new results, as `bazel run //bench/<name> -- --output FILE` writes them')
    .parse([...argv], { from: 'user' });
  const kept = join(env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(), 'bench/results');
  const renewed: Renewed[] = [];
  for (const file of command.args) {
    const now = await readResult(userPath(file, env));
    renewed.push({ before: await readResult(join(kept, `${now.benchmark}.json`)), now });
  }
  process.stdout.write(`${verdictOf(renewed)}\n`);
  return 0;
});
