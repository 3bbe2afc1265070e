// bazel run //tools/oci:reproducible -- [--plant=FILE] [TARGET…]: builds twice with no cache in common, compares digests.
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog, type Log } from '../../lib/log.ts';
import { imagesOf, plantTimestamp } from './builds.ts';
import { disagreements } from './compare.ts';
import { SURROUNDINGS } from './surroundings.ts';
import { buildTwice } from './twice.ts';

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('reproducible')
    .description('Builds targets twice with no cache in common, and compares the digests of all images.')
    .argument('[targets...]', 'what to build; without any, all images of services and prod')
    .option(
      '--plant <file>',
      'write the time into this source of both copies: the check passes if it sees a difference',
    )
    .option('--bazel <program>', 'the Bazel to use', env['FATHOM_BAZEL'] ?? 'bazel')
    .parse([...argv], { from: 'user' });
  const { plant, bazel } = command.opts<{ plant?: string; bazel: string }>();
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const targets = command.args.length > 0 ? command.args : await imagesOf(bazel, workspace, signal);
  const [a, b] = await buildTwice({
    bazel,
    workspace,
    targets,
    surroundings: SURROUNDINGS,
    // Once as users build, with tools that Bazel keeps running and that see the workspace; once in sandboxes alone.
    flags: ({ name }) => (name === SURROUNDINGS[0].name ? [] : ['--spawn_strategy=sandboxed,local']),
    ...(plant === undefined ? {} : { prepare: (checkout: string) => plantTimestamp(checkout, plant) }),
    log,
    signal,
  });
  if (a.digests.size === 0) {
    throw new ToolError('REPRODUCIBLE_NOTHING', 'Comparing builds: no image was built', {
      hint: 'Name targets that are images, such as //services/....',
    });
  }
  const differences = disagreements(a, b);
  if (plant !== undefined) return judgePlanted(plant, differences, log);
  if (differences.length > 0) {
    throw new ToolError(
      'REPRODUCIBLE_DIFFERS',
      `Comparing builds: ${differences.length} of ${a.digests.size} digests differ\n${differences.join('\n')}`,
      {
        hint: 'Look for a time, a host path or an unsorted list in what makes these images.',
      },
    );
  }
  for (const [name, digest] of a.digests) process.stdout.write(`${digest} ${name}\n`);
  log.info(`${a.digests.size} digests are the same in both builds`);
  return 0;
});

/** A check that can't see a planted time proves nothing. Throws REPRODUCIBLE_BLIND. */
function judgePlanted(file: string, differences: readonly string[], log: Log): number {
  if (differences.length === 0) {
    throw new ToolError('REPRODUCIBLE_BLIND', `Comparing builds: the time planted in ${file} changed no digest`, {
      hint: 'Plant it in a source of the images that are built.',
    });
  }
  log.info(`The time planted in ${file} was seen:\n${differences.join('\n')}`);
  return 0;
}
