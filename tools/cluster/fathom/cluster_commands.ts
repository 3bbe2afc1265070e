// The commands about a cluster that runs, or ran.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step } from '../../lib/log.ts';
import { clusterFolder, readClusterState, type ClusterState } from '../../lib/state.ts';
import { personalNamespace } from '../../lib/user.ts';
import { down } from '../embedded/down.ts';
import { layoutOf } from '../embedded/layout.ts';
import type { CommandContext } from './fathom_main.ts';

const CLUSTER = 'fathom';

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
  await step('Ending the cluster', () => down(CLUSTER, env), { log });
  return 0;
}

export async function kubectlCommand({ args, env }: CommandContext): Promise<number> {
  const state = await runningState(env);
  const kubectl = join(layoutOf(clusterFolder(CLUSTER, env)).bin, 'kubectl');
  if (!existsSync(kubectl))
    throw new ToolError('CLUSTER_NO_KUBECTL', `Running kubectl: ${kubectl} is missing`, { hint: 'Run `./fathom up`.' });
  const child = spawn(kubectl, args, { env: { ...env, KUBECONFIG: state.kubeconfig }, stdio: 'inherit' });
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
  return kubectlCommand({
    ...context,
    args: ['get', 'deployments,statefulsets,services', '--all-namespaces', ...context.args],
  });
}

/** Throws NOT_ROOT for anybody else. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) {
    throw new ToolError('NOT_ROOT', `${what}: it needs root, for namespaces, mounts and interfaces`, {
      hint: 'Run it again with sudo.',
    });
  }
}
