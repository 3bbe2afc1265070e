// The commands about a cluster that runs, or ran.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step } from '../../lib/log.ts';
import { clusterFolder, readClusterState, type ClusterState } from '../../lib/state.ts';
import { personalNamespace } from '../../lib/user.ts';
import { downEmbedded } from '../embedded/down.ts';
import { expiryLine } from '../embedded/expiry.ts';
import { layoutOf } from '../embedded/layout.ts';
import { NEEDS_ROOT } from '../embedded/preflight.ts';
import { statusEmbedded } from '../embedded/status.ts';
import { CLUSTER } from './cluster_name.ts';
import { downExistingCommand, statusExistingCommand } from './existing_commands.ts';
import type { CommandContext } from './fathom_main.ts';
import { downK3dCommand, statusK3dCommand } from './k3d_commands.ts';
import { clusterOptions, refuseOptions } from './options.ts';
import { onPath } from './packages.ts';
import { currentProvider } from './provider.ts';

/** The state of the running cluster. Throws CLUSTER_NOT_UP. */
export async function runningState(env: CommandContext['env']): Promise<ClusterState> {
  const state = await readClusterState(CLUSTER, env);
  if (state === undefined) {
    throw new ToolError(
      'CLUSTER_NOT_UP',
      `Reading the state of cluster ${CLUSTER}: there is none in ${clusterFolder(CLUSTER, env)}`,
      { hint: 'Run `./fathom up`.' },
    );
  }
  return state;
}

export async function downCommand(context: CommandContext): Promise<number> {
  const { env, log } = context;
  const options = clusterOptions('down', context, ['provider', 'dry-run']);
  const { provider } = await currentProvider(CLUSTER, env, options.provider);
  if (provider === 'k3d') return downK3dCommand(context, options['dry-run'] === true);
  refuseOptions(provider, options, ['dry-run']);
  if (provider === 'existing') return downExistingCommand(context);
  requireRoot('Ending the cluster');
  const folder = clusterFolder(CLUSTER, env);
  const ended = await step('Ending the cluster', () => downEmbedded({ name: CLUSTER, folder, log }), { log });
  if (!ended) log.info(`there was none in ${folder}`);
  return 0;
}

export async function kubectlCommand({ args, env, signal }: CommandContext): Promise<number> {
  const state = await runningState(env);
  // No proxy leads to a cluster of this machine, and kubectl asks nobody else.
  const direct = state.provider === 'existing' ? {} : { NO_PROXY: '*', no_proxy: '*' };
  const child = spawn(...kubectlOf(state, env, args), {
    env: { ...env, KUBECONFIG: state.kubeconfig, ...direct },
    stdio: 'inherit',
  });
  // The terminal sends ^C to kubectl too: what it answers decides.
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
}

/** The kubectl of an embedded cluster's own Kubernetes, else the machine's. */
function kubectlOf(
  { provider }: ClusterState,
  env: CommandContext['env'],
  args: readonly string[],
): [string, string[]] {
  if (provider !== 'embedded') {
    const found = onPath('kubectl', env);
    if (found !== undefined) return [found, [...args]];
    throw new ToolError('CLUSTER_NO_KUBECTL', `Running kubectl: there is none on PATH`, {
      hint: `Install kubectl: provider ${provider} brings none.`,
    });
  }
  const kubernetes = join(layoutOf(clusterFolder(CLUSTER, env)).kit, 'bin', 'kubernetes');
  if (existsSync(kubernetes)) return [kubernetes, ['kubectl', ...args]];
  throw new ToolError('CLUSTER_NO_KUBECTL', `Running kubectl: ${kubernetes} is missing`, {
    hint: 'Run `./fathom up`.',
  });
}

export async function envCommand({ env }: CommandContext): Promise<number> {
  const state = await runningState(env);
  const values = {
    KUBECONFIG: state.kubeconfig,
    FATHOM_REGISTRY: state.registry?.endpoint ?? '',
    FATHOM_NAMESPACE: personalNamespace({ env, reserved: ['prod', 'staging', 'dev'] }),
  };
  const quote = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  for (const [name, value] of Object.entries(values)) process.stdout.write(`export ${name}=${quote(value)}\n`);
  return 0;
}

/** Prints the path of the kubeconfig, for programs that take one. */
export async function kubeconfigCommand({ env }: CommandContext): Promise<number> {
  process.stdout.write(`${(await runningState(env)).kubeconfig}\n`);
  return 0;
}

export async function statusCommand(context: CommandContext): Promise<number> {
  const options = clusterOptions('status', context, ['provider', 'dry-run']);
  const { provider } = await currentProvider(CLUSTER, context.env, options.provider);
  if (provider === 'k3d') return statusK3dCommand(context, options['dry-run'] === true);
  refuseOptions(provider, options, ['dry-run']);
  if (provider === 'existing') return statusExistingCommand(context);
  const folder = clusterFolder(CLUSTER, context.env);
  const status = await statusEmbedded(folder);
  if (status === undefined) await runningState(context.env);
  if (status === undefined) return 1;
  const lines = [
    `cluster ${status.plan.name}: ${status.running ? 'runs' : 'is stopped: `./fathom up` starts it again'}`,
    `state ${folder}`,
    `api ${status.api}, registry 127.0.0.1:${status.plan.registryPort}`,
    await expiryLine(layoutOf(folder).pki, Date.now()),
    ...status.plan.nodes
      .filter(({ stopped }) => stopped === true)
      .map(({ name }) => `${name}: stopped: \`./fathom start-node ${name}\` starts it`),
    ...status.machines.flatMap((machine) => [
      `${machine.name}:`,
      ...machine.services.map(
        ({ name, state, failures, lastExit }) =>
          `  ${name.padEnd(20)} ${state}${failures === 0 ? '' : `, ended ${failures} times, last with ${lastExit}`}`,
      ),
    ]),
  ];
  process.stdout.write(`${lines.filter((line) => line !== '').join('\n')}\n`);
  return status.running ? 0 : 1;
}

/** Throws NOT_ROOT for anybody else. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) {
    throw new ToolError('NOT_ROOT', `${what}: it needs root, for namespaces, mounts and interfaces`, {
      hint: NEEDS_ROOT,
    });
  }
}
