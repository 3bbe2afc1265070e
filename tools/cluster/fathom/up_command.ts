// `./fathom up`: from a bare machine to a running stack. Every step may be repeated, and is quick when it is done.
import { spawnSync } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';
import { formatDuration, step } from '../../lib/log.ts';
import { personalNamespace } from '../../lib/user.ts';
import { nodeCount } from '../node_count.ts';
import { bazel } from './bazel.ts';
import { requireRoot } from './cluster_commands.ts';
import { CLUSTER } from './cluster_name.ts';
import { EXISTING_OPTIONS, upExistingCommand } from './existing_commands.ts';
import type { CommandContext } from './fathom_main.ts';
import { settingsOf, showUpK3d } from './k3d_commands.ts';
import { clusterOptions, refuseOptions, type ClusterOptions } from './options.ts';
import { BUILD_PREREQUISITES, PREREQUISITES, missing, type Prerequisite } from './packages.ts';
import { chooseProvider } from './provider.ts';
import { mustRun } from './run.ts';

const UP_OPTIONS: readonly (keyof ClusterOptions)[] = [
  'provider',
  'dry-run',
  'nodes',
  'mirror',
  'without',
  ...EXISTING_OPTIONS,
];
const STACK = '//services/routeguide/client:myns-deep.apply';

/** What may be left out, by --without. */
const PARTS = ['monitoring'] as const;

export async function upCommand(context: CommandContext): Promise<number> {
  const startMs = performance.now();
  const options = clusterOptions('up', context, UP_OPTIONS);
  const { provider, why } = await chooseProvider(CLUSTER, context.env, options.provider);
  context.log.info(`provider ${provider}: ${why}`);
  if (provider === 'existing') {
    await installPrerequisites(context, BUILD_PREREQUISITES);
    return upExistingCommand(context, options);
  }
  refuseOptions(provider, options, EXISTING_OPTIONS);
  const isMonitored = !partsLeftOut(options.without ?? []).includes('monitoring');
  if (options.nodes !== undefined) nodeCount(options.nodes);
  if (provider === 'embedded') {
    refuseOptions(provider, options, ['dry-run']);
    requireRoot('Starting the cluster');
  } else {
    refuseOptions(provider, options, ['mirror']);
    if (options['dry-run'] === true) return showUpK3d(context, settingsOf(options.nodes), isMonitored);
  }
  await installPrerequisites(context, provider === 'embedded' ? PREREQUISITES : BUILD_PREREQUISITES);
  await startCluster(context, { provider, nodes: options.nodes, mirrors: options.mirror });
  await bazel(context, 'Setting the cluster up', 'run', '//prod:base.apply');
  await bazel(context, 'Deploying the example stack', 'run', STACK);
  // Last, as nothing else waits for it, and its images are pushed to the registry.
  const problem = isMonitored ? await deployMonitoring(context) : undefined;
  const isWatched = isMonitored && problem === undefined;
  const namespace = personalNamespace({ env: context.env, reserved: ['prod', 'staging', 'dev'] });
  process.stdout.write(`
Up${problem === undefined ? '' : ', but for monitoring,'} after ${formatDuration(performance.now() - startMs)}. What runs where:
  namespace ${namespace}: routeguide-client → routeguide-server → redis
  namespace registry: the image registry; kube-system: DNS${isWatched ? '\n  namespace monitoring: Prometheus, Alertmanager, and what they watch the cluster by' : ''}
Try next:${isWatched ? '\n  ./fathom open' : ''}
  ./fathom kubectl logs -n ${namespace} deployment/routeguide-client
  bazel run //services/routeguide/client:myns-deep.diff
  bazel run //services/routeguide/client:myns-deep.delete
`);
  if (problem !== undefined) throw problem;
  return 0;
}

/** Nothing else needs it, so where it fails the rest is told of first: resolves to FATHOM_NO_MONITORING, or undefined. */
async function deployMonitoring(context: CommandContext): Promise<ToolError | undefined> {
  try {
    await bazel(context, 'Deploying monitoring', 'run', '//prod:apply');
    return undefined;
  } catch (cause) {
    if (!(cause instanceof ToolError) || cause.code !== 'FATHOM_STEP') throw cause;
    const message = `${cause.message}; the cluster and the example stack are up, monitoring is not`;
    return new ToolError('FATHOM_NO_MONITORING', message, {
      cause,
      hint: 'Its own output above says why. Run `bazel run //prod:apply`, which brings it; `./fathom up --without=monitoring` leaves it out.',
    });
  }
}

/** Checks the values of --without. Throws FATHOM_USAGE. */
function partsLeftOut(given: readonly string[]): readonly (typeof PARTS)[number][] {
  return given.map((name) => {
    const part = PARTS.find((one) => one === name);
    if (part !== undefined) return part;
    throw new ToolError('FATHOM_USAGE', `Reading --without: ${name} can't be left out`, {
      hint: `What can is ${PARTS.join(', ')}.`,
    });
  });
}

/** Options of {@link startCluster}. */
export interface StartClusterOptions {
  readonly provider: 'embedded' | 'k3d';
  readonly nodes?: string | undefined;
  /** Registries that an embedded cluster pulls from through a mirror. Default: none. */
  readonly mirrors?: readonly string[] | undefined;
}

/** Builds the cluster's programs and images, and starts it: nothing is deployed yet. */
export async function startCluster(
  context: CommandContext,
  { provider, nodes, mirrors = [] }: StartClusterOptions,
): Promise<void> {
  // The one for k3d is built without Kubernetes.
  const target = provider === 'embedded' ? '//tools/cluster' : '//tools/cluster:outside';
  const flags = [
    `--provider=${provider}`,
    ...(nodes === undefined ? [] : [`--nodes=${nodes}`]),
    ...mirrors.map((mirror) => `--mirror=${mirror}`),
  ];
  await bazel(context, 'Building and starting the cluster', 'run', target, '--', 'up', ...flags);
}

/** Installs the Debian packages of prerequisites that are missing. Throws PREREQUISITES_MISSING where there is no apt. */
export async function installPrerequisites(
  { env, root, signal, log }: CommandContext,
  wanted: readonly Prerequisite[] = PREREQUISITES,
): Promise<void> {
  const hasPip = () => spawnSync('python3', ['-m', 'pip', '--version'], { env: { ...env } }).status === 0;
  const packages = [...new Set(missing(wanted, env, hasPip).map((one) => one.package))];
  if (packages.length === 0) return;
  const what = `Installing ${packages.join(' ')}`;
  const hint = `Install them by hand: apt-get install ${packages.join(' ')}.`;
  if (spawnSync('apt-get', ['--version']).status !== 0) {
    throw new ToolError('PREREQUISITES_MISSING', `${what}: there is no apt-get on this machine`, {
      hint: 'Install them with the package manager of this machine.',
    });
  }
  const options = {
    cwd: root,
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    signal,
    what,
    hint,
    onOutput: (text: string) => text,
  };
  await step(
    what,
    async () => {
      await mustRun(['apt-get', 'update', '-qq'], options);
      await mustRun(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], options);
    },
    { log },
  );
}
