// The program that starts and stops clusters, for its two entries: with what an embedded cluster is made of, and without.
import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import type { MainContext } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { createLog, type Log } from '../lib/log.ts';
import { runfile, userPath } from '../lib/runfiles.ts';
import { clusterFolder } from '../lib/state.ts';
import { downEmbedded } from './embedded/down.ts';
import { addNode, startNode, stopNode, type NodesOptions } from './embedded/nodes.ts';
import { upEmbedded } from './embedded/up.ts';
import { downExisting } from './existing/down.ts';
import { registryState } from './existing/registry_state.ts';
import { checkExisting, upExisting } from './existing/up.ts';
import { downK3d } from './k3d/down.ts';
import { REGISTRY_TARBALL } from './k3d/files.ts';
import { k3dSettings } from './k3d/settings.ts';
import { upK3d } from './k3d/up.ts';
import { readKit } from './kit.ts';
import { nodeCount } from './node_count.ts';
import { askedProvider, recordedProvider, type Provider } from './provider.ts';

interface Flags {
  readonly name: string;
  readonly provider?: string;
  readonly kit?: string;
  readonly namespace?: string;
}

interface UpFlags extends Flags {
  readonly registry: string;
  readonly registryEndpoint?: string;
  readonly nodes?: string;
  readonly links?: string;
  readonly mirror: readonly string[];
  readonly context?: string;
  readonly kubeconfig?: string;
}

const RUNFILE = 'runfile:';
const REGISTRY = 'registry.fathom.internal';

/** A file that the kit names: `runfile:<name>`, else a path below `base`. */
function locate(path: string, base: string): string {
  return path.startsWith(RUNFILE) ? runfile(path.slice(RUNFILE.length)) : resolve(base, path);
}

/** Reads the command line and does what it says. */
export async function clusterMain({ argv, env, signal }: MainContext): Promise<void> {
  const log = createLog();
  const program = new Command('cluster')
    .description('Starts and stops clusters on this machine.')
    .option('--name <name>', 'name of the cluster', 'fathom')
    .option('--provider <provider>', 'embedded, k3d or existing (default: who runs it already, else embedded)')
    .option('--namespace <namespace>', 'where rights are needed in an existing cluster (default: everywhere)')
    .option('--kit <kit.json>', 'programs and images of an embedded cluster: a path, or `runfile:<name>`');
  program
    .command('up')
    .description('Bring a cluster up; harmless when it is up.')
    .option('--registry <reference>', "the registry's name in manifests", REGISTRY)
    .option('--registry-endpoint <address>', 'existing: where this machine reaches it, http://host:port for plain http')
    .option('--nodes <n>', 'nodes of a new cluster (default: 1)')
    .option('--links <range>', 'embedded: where its links are, such as 172.19.0.0/26 (default: a free range)')
    .option(
      '--mirror <registry>',
      'embedded: pull from this registry through a mirror, or with =none no more; may be repeated',
      collect,
      [],
    )
    .option('--context <name>', 'existing: its context')
    .option('--kubeconfig <path>', 'existing: the file that has the context')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<UpFlags>();
      const result = await up(flags, { log, env, signal });
      log.info(`cluster ${flags.name} is there: kubeconfig ${result.kubeconfig}, registry ${result.endpoint}`);
    });
  program
    .command('down')
    .description('Take a cluster down and delete its state; of an existing one only its record.')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Flags>();
      const { name } = flags;
      const folder = userPath(clusterFolder(name));
      const provider = await providerOf(flags, env);
      if (provider === 'k3d') await downK3d(k3dSettings({ name, registry: REGISTRY }), folder, { env, log, signal });
      else if (provider === 'existing') await downExisting(folder);
      else await downEmbedded({ name, folder, log });
    });
  const nodes = (): NodesOptions => {
    const { name } = program.opts<Flags>();
    return { name, folder: userPath(clusterFolder(name)), log, signal };
  };
  program
    .command('add-node')
    .description('Add a node to an embedded cluster, while it runs.')
    .action(async () => log.info(`${await addNode(nodes())} is there`));
  program
    .command('stop-node <node>')
    .description('Stop a node of an embedded cluster as a loss of power would, until it is started.')
    .action((node: string) => stopNode(node, nodes()));
  program
    .command('start-node <node>')
    .description('Start a stopped node of an embedded cluster.')
    .action((node: string) => startNode(node, nodes()));
  program
    .command('check')
    .description('Look again at what an existing cluster has.')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Flags>();
      await checkExisting({ ...commonOf(flags), log, signal });
    });
  await program.parseAsync(argv, { from: 'user' });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

type Tools = Pick<MainContext, 'env' | 'signal'> & { readonly log: Log };

async function up(flags: UpFlags, { log, env, signal }: Tools) {
  const { registry, registryEndpoint, nodes, context, kubeconfig } = flags;
  const common = { ...commonOf(flags), log, signal };
  const sized = { ...common, registry, ...(nodes === undefined ? {} : { nodes: nodeCount(nodes) }) };
  const provider = await providerOf(flags, env);
  if (provider === 'k3d') return upK3d({ ...sized, tar: runfile(`fathom/${REGISTRY_TARBALL}`), env });
  if (provider === 'embedded') {
    const { links, mirror: mirrors } = flags;
    return upEmbedded({ ...sized, mirrors, ...(await kitOf(flags)), ...(links === undefined ? {} : { links }) });
  }
  if (context === undefined) {
    throw new ToolError('CLUSTER_CONTEXT', 'Taking an existing cluster: --context is missing', {
      hint: 'Say which context of the kubeconfig leads to it; `kubectl config get-contexts` lists them.',
    });
  }
  return upExisting({
    ...common,
    context,
    env,
    registry: registryState(registry, registryEndpoint),
    ...(kubeconfig === undefined ? {} : { kubeconfig: userPath(kubeconfig) }),
  });
}

function commonOf({ name, namespace }: Flags) {
  return { name, folder: userPath(clusterFolder(name)), ...(namespace === undefined ? {} : { namespace }) };
}

async function providerOf({ name, provider }: Flags, env: MainContext['env']): Promise<Provider> {
  const known = await recordedProvider(name, env);
  return provider === undefined ? (known ?? 'embedded') : askedProvider(name, provider, known);
}

async function kitOf({ kit = `${RUNFILE}fathom/tools/cluster/kit.json` }: Flags) {
  const path = locate(kit, userPath('.'));
  return { kit: await readKit(path), resolve: (file: string) => locate(file, dirname(path)) };
}
