// bazel run //tools/cluster -- up: the part of `./fathom` that needs what Bazel builds.
import { Command } from 'commander';
import { runMain } from '../lib/cli.ts';
import { createLog } from '../lib/log.ts';
import { readKit } from './embedded/kit.ts';
import { up } from './embedded/up.ts';

await runMain(async ({ argv, signal }) => {
  const log = createLog();
  const program = new Command('cluster').description('Starts the embedded cluster.');
  program
    .command('up')
    .description('starts the cluster, or makes sure that it runs')
    .option('--cluster <name>', 'its name', 'fathom')
    .action(async ({ cluster }: { cluster: string }) => {
      const state = await up({ cluster, kit: await readKit('fathom/tools/cluster/kit.json'), log, signal });
      log.info(`Cluster ${state.name} runs`);
    });
  await program.parseAsync([...argv], { from: 'user' });
});
