// Starts and stops clusters: `bazel run //tools/cluster -- up`. `./fathom up` calls it with what it built.
import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { runMain, type MainContext } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { runfile, userPath } from '../lib/runfiles.ts';
import { clusterFolder } from '../lib/state.ts';
import { downEmbedded } from './embedded/down.ts';
import { upEmbedded } from './embedded/up.ts';
import { downK3d } from './k3d/down.ts';
import { REGISTRY_TARBALL } from './k3d/files.ts';
import { k3dSettings } from './k3d/settings.ts';
import { upK3d } from './k3d/up.ts';
import { readKit } from './kit.ts';
import { nodeCount } from './node_count.ts';

interface Flags {
  readonly name: string;
  readonly provider: string;
  readonly kit?: string;
}

interface UpFlags extends Flags {
  readonly registry: string;
  readonly nodes?: string;
}

const RUNFILE = 'runfile:';
const REGISTRY = 'registry.fathom.internal';

/** A file that the kit names: `runfile:<name>`, else a path below `base`. */
function locate(path: string, base: string): string {
  return path.startsWith(RUNFILE) ? runfile(path.slice(RUNFILE.length)) : resolve(base, path);
}

async function main({ argv, env, signal }: MainContext): Promise<void> {
  const log = createLog();
  const program = new Command('cluster')
    .description('Starts and stops clusters on this machine.')
    .option('--name <name>', 'name of the cluster', 'fathom')
    .option('--provider <provider>', 'who runs the cluster: embedded or k3d', 'embedded')
    .option('--kit <kit.json>', 'programs and images of an embedded cluster: a path, or `runfile:<name>`');
  program
    .command('up')
    .description('Bring a cluster up; harmless when it is up.')
    .option('--registry <reference>', "the registry's name in manifests", REGISTRY)
    .option('--nodes <n>', 'nodes of a new cluster (default: 1)')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<UpFlags>();
      const { name, registry } = flags;
      const common = {
        name,
        folder: userPath(clusterFolder(name)),
        registry,
        ...(flags.nodes === undefined ? {} : { nodes: nodeCount(flags.nodes) }),
        log,
        signal,
      };
      const result = isK3d(flags)
        ? await upK3d({ ...common, tar: runfile(`fathom/${REGISTRY_TARBALL}`), env })
        : await upEmbedded({ ...common, ...(await kitOf(flags)) });
      log.info(`cluster ${name} is up: kubeconfig ${result.kubeconfig}, registry ${result.endpoint}`);
    });
  program
    .command('down')
    .description('Take a cluster down and delete its state.')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Flags>();
      const { name } = flags;
      const folder = userPath(clusterFolder(name));
      if (isK3d(flags)) await downK3d(k3dSettings({ name, registry: REGISTRY }), folder, { env, log, signal });
      else await downEmbedded({ name, folder, log });
    });
  await program.parseAsync(argv, { from: 'user' });
}

function isK3d({ provider }: Flags): boolean {
  if (provider === 'k3d' || provider === 'embedded') return provider === 'k3d';
  throw new ToolError('CLUSTER_PROVIDER', `Choosing provider '${provider}': there is no such one`, {
    hint: 'Choose one of: embedded, k3d.',
  });
}

async function kitOf({ kit = `${RUNFILE}fathom/tools/cluster/kit.json` }: Flags) {
  const path = locate(kit, userPath('.'));
  return { kit: await readKit(path), resolve: (file: string) => locate(file, dirname(path)) };
}

await runMain(main);
