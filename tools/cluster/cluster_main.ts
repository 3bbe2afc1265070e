// Starts and stops clusters: `bazel run //tools/cluster -- up`. `./fathom up` calls it with the kit that it built.
import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { runMain, type MainContext } from '../lib/cli.ts';
import { createLog } from '../lib/log.ts';
import { runfile, userPath } from '../lib/runfiles.ts';
import { clusterFolder } from '../lib/state.ts';
import { downEmbedded } from './embedded/down.ts';
import { upEmbedded } from './embedded/up.ts';
import { readKit } from './kit.ts';

interface UpFlags {
  readonly name: string;
  readonly kit: string;
  readonly registry: string;
  readonly nodes: string;
}

async function main({ argv, signal }: MainContext): Promise<void> {
  const log = createLog();
  const program = new Command('cluster').description('Starts and stops clusters on this machine.');
  program
    .command('up')
    .description('Bring a cluster up; harmless when it is up.')
    .option('--name <name>', 'name of the cluster', 'fathom')
    .option(
      '--kit <kit.json>',
      'programs and images of the cluster, as a path or as `runfile:<name>`',
      'runfile:fathom/tools/cluster/kit.json',
    )
    .option('--registry <reference>', "the registry's name in manifests", 'registry.fathom.internal')
    .option('--nodes <n>', 'nodes of a new cluster', '1')
    .action(async (flags: UpFlags) => {
      const kitPath = flags.kit.startsWith('runfile:')
        ? runfile(flags.kit.slice('runfile:'.length))
        : userPath(flags.kit);
      const result = await upEmbedded({
        name: flags.name,
        folder: clusterFolder(flags.name),
        kit: await readKit(kitPath),
        resolve: (path) =>
          path.startsWith('runfile:') ? runfile(path.slice('runfile:'.length)) : resolve(dirname(kitPath), path),
        registry: flags.registry,
        nodes: Number(flags.nodes),
        log,
        signal,
      });
      log.info(`cluster ${flags.name} is up: kubeconfig ${result.kubeconfig}, registry ${result.endpoint}`);
    });
  program
    .command('down')
    .description('Take a cluster down and delete its state.')
    .option('--name <name>', 'name of the cluster', 'fathom')
    .action(async ({ name }: { readonly name: string }) => {
      await downEmbedded({ name, folder: clusterFolder(name), log });
    });
  await program.parseAsync(argv, { from: 'user' });
}

await runMain(main);
