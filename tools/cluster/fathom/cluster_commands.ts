// The commands about a cluster that runs, or ran.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step } from '../../lib/log.ts';
import { clusterFolder, readClusterState, type ClusterState } from '../../lib/state.ts';
import { personalNamespace } from '../../lib/user.ts';
import { downEmbedded } from '../embedded/down.ts';
import { layoutOf } from '../embedded/layout.ts';
import { statusEmbedded } from '../embedded/status.ts';
import type { CommandContext } from './fathom_main.ts';

export const CLUSTER = 'fathom';

/** The state of the running cluster. Throws CLUSTER_NOT_UP. */
async function runningState(env: CommandContext['env']): Promise<ClusterState> {
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

export async function downCommand({ env, log }: CommandContext): Promise<number> {
  requireRoot('Ending the cluster');
  const folder = clusterFolder(CLUSTER, env);
  const ended = await step('Ending the cluster', () => downEmbedded({ name: CLUSTER, folder, log }), { log });
  if (!ended) log.info(`there was none in ${folder}`);
  return 0;
}

export async function kubectlCommand({ args, env, signal }: CommandContext): Promise<number> {
  const state = await runningState(env);
  const kubernetes = join(layoutOf(clusterFolder(CLUSTER, env)).kit, 'bin', 'kubernetes');
  if (!existsSync(kubernetes)) {
    throw new ToolError('CLUSTER_NO_KUBECTL', `Running kubectl: ${kubernetes} is missing`, {
      hint: 'Run `./fathom up`.',
    });
  }
  const child = spawn(kubernetes, ['kubectl', ...args], {
    env: { ...env, KUBECONFIG: state.kubeconfig },
    stdio: 'inherit',
  });
  // The terminal sends ^C to kubectl too: what it answers decides.
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
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

export async function statusCommand(context: CommandContext): Promise<number> {
  const folder = clusterFolder(CLUSTER, context.env);
  const status = await statusEmbedded(folder);
  if (status === undefined) await runningState(context.env);
  if (status === undefined) return 1;
  const lines = [
    `cluster ${status.plan.name}: ${status.running ? 'runs' : 'is stopped: `./fathom up` starts it again'}`,
    `state ${folder}`,
    `api ${status.api}, registry 127.0.0.1:${status.plan.registryPort}`,
    ...status.machines.flatMap((machine) => [
      `${machine.name}:`,
      ...machine.services.map(
        ({ name, state, failures, lastExit }) =>
          `  ${name.padEnd(20)} ${state}${failures === 0 ? '' : `, ended ${failures} times, last with ${lastExit}`}`,
      ),
    ]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return status.running ? 0 : 1;
}

/** Throws NOT_ROOT for anybody else. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) {
    throw new ToolError('NOT_ROOT', `${what}: it needs root, for namespaces, mounts and interfaces`, {
      hint: 'Run it again with sudo.',
    });
  }
}
