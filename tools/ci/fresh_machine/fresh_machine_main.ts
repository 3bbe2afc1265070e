// bazel run //tools/ci/fresh_machine -- [--suite=bookworm] [COMMAND…]: the README's commands on a plain Debian.
import { mkdtemp, rm } from 'node:fs/promises';
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { type Machine, machineStep, machineSteps } from './plan.ts';
import { hostMirror, runSteps } from './run_steps.ts';

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('fresh_machine')
    .description('Makes a plain Debian in a folder, clones the repository into it, and runs commands there.')
    .argument('[commands...]', 'what to run in the clone', ['./fathom up', './fathom down'])
    .option('--suite <release>', "Debian's release", 'bookworm')
    .option('--cache <folder>', 'use this folder as the cache of builds; without it, everything is compiled')
    .option('--keep', 'leave the folder behind, for a look at it')
    .parse([...argv], { from: 'user' });
  const { suite, keep, cache } = command.opts<{ suite: string; keep?: boolean; cache?: string }>();
  const log = createLog();
  const root = await mkdtemp('/var/tmp/fathom-fresh-');
  try {
    const machine: Machine = {
      root,
      suite,
      mirror: await hostMirror(),
      workspace: env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(),
      ...(cache === undefined ? {} : { cache: userPath(cache, env) }),
    };
    const commands: readonly string[] = command.processedArgs[0];
    await runSteps([...machineSteps(machine), ...commands.map((one) => machineStep(machine, one))], { log, signal });
    return 0;
  } finally {
    if (keep === true) log.info(`kept ${root}`);
    // Mounts of the chroot ended with their namespace, so nothing but the folder is removed.
    else await rm(root, { recursive: true, force: true });
  }
});
