// Starts and stops clusters: `bazel run //tools/cluster -- up`. `./fathom up` calls it with the kit that it built.
import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { runMain, type MainContext } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { runfile, userPath } from '../lib/runfiles.ts';
import { clusterFolder } from '../lib/state.ts';
import { downEmbedded } from './embedded/down.ts';
import { upEmbedded } from './embedded/up.ts';
import { readKit } from './kit.ts';

interface Flags {
  readonly name: string;
  readonly kit?: string;
}

interface UpFlags extends Flags {
  readonly registry: string;
  readonly nodes: string;
}

const RUNFILE = 'runfile:';

/** A file that the kit names: `runfile:<name>`, else a path below `base`. */
function locate(path: string, base: string): string {
  return path.startsWith(RUNFILE) ? runfile(path.slice(RUNFILE.length)) : resolve(base, path);
}

async function main({ argv, signal }: MainContext): Promise<void> {
  const log = createLog();
  const program = new Command('cluster')
    .description('Starts and stops clusters on this machine.')
    .option('--name <name>', 'name of the cluster', 'fathom')
    .option('--kit <kit.json>', 'programs and images of the cluster: a path, or `runfile:<name>`');
  program
    .command('up')
    .description('Bring a cluster up; harmless when it is up.')
    .option('--registry <reference>', "the registry's name in manifests", 'registry.fathom.internal')
    .option('--nodes <n>', 'nodes of a new cluster', '1')
    .action(async (_flags: unknown, command: Command) => {
      const {
        name,
        kit = `${RUNFILE}fathom/tools/cluster/kit.json`,
        registry,
        nodes,
      } = command.optsWithGlobals<UpFlags>();
      const kitPath = locate(kit, userPath('.'));
      const result = await upEmbedded({
        name,
        folder: userPath(clusterFolder(name)),
        kit: await readKit(kitPath),
        resolve: (path) => locate(path, dirname(kitPath)),
        registry,
        nodes: nodeCount(nodes),
        log,
        signal,
      });
      log.info(`cluster ${name} is up: kubeconfig ${result.kubeconfig}, registry ${result.endpoint}`);
    });
  program
    .command('down')
    .description('Take a cluster down and delete its state.')
    .action(async (_flags: unknown, command: Command) => {
      const { name } = command.optsWithGlobals<Flags>();
      await downEmbedded({ name, folder: userPath(clusterFolder(name)), log });
    });
  await program.parseAsync(argv, { from: 'user' });
}

function nodeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new ToolError('CLUSTER_NODES', `Reading --nodes: '${text}' is no number from 1 to 100`, {
    hint: 'Say how many nodes the cluster is to have: --nodes 3.',
  });
}

await runMain(main);
