// `./fathom add-node`, `stop-node` and `start-node`.
import { ToolError } from '../../lib/errors.ts';
import { k3dNodeCommand } from '../k3d/status.ts';
import { bazel } from './bazel.ts';
import { requireRoot, runningState } from './cluster_commands.ts';
import type { CommandContext } from './fathom_main.ts';
import { mustRun } from './run.ts';

export async function addNodeCommand(context: CommandContext): Promise<number> {
  const { provider } = await runningState(context.env);
  noArguments('add-node', context.args);
  if (provider !== 'embedded') {
    throw new ToolError('CLUSTER_CANNOT', `Adding a node: provider ${provider} has nodes that are chosen elsewhere`, {
      hint:
        provider === 'k3d'
          ? 'Run `./fathom down` and `./fathom up --provider=k3d --nodes=3`.'
          : 'Add it as the cluster’s own documentation says.',
    });
  }
  return changeEmbedded(context, 'Adding a node', ['add-node']);
}

export function stopNodeCommand(context: CommandContext): Promise<number> {
  return switchNode(context, 'stop');
}

export function startNodeCommand(context: CommandContext): Promise<number> {
  return switchNode(context, 'start');
}

async function switchNode(context: CommandContext, verb: 'stop' | 'start'): Promise<number> {
  const { env, root, signal } = context;
  const [node = '', ...rest] = context.args;
  if (node === '' || node.startsWith('-') || rest.length > 0) {
    throw new ToolError('FATHOM_USAGE', `Reading the arguments of ./fathom ${verb}-node: it takes one, a node`, {
      hint: `Say which: ./fathom ${verb}-node node-2; \`./fathom kubectl get nodes\` lists them.`,
    });
  }
  const what = `${verb === 'stop' ? 'Stopping' : 'Starting'} ${node}`;
  const { provider } = await runningState(env);
  if (provider === 'embedded') return changeEmbedded(context, what, [`${verb}-node`, node]);
  if (provider === 'existing') {
    throw new ToolError('CLUSTER_CANNOT', `${what}: the cluster's nodes are others'`, {
      hint: `\`kubectl drain ${node}\` empties one.`,
    });
  }
  const hint = '`k3d node list` shows the nodes.';
  await mustRun(k3dNodeCommand(verb, node).argv, { cwd: root, env, signal, what, hint });
  return 0;
}

async function changeEmbedded(context: CommandContext, what: string, args: readonly string[]): Promise<number> {
  requireRoot(what);
  await bazel(context, what, 'run', '//tools/cluster', '--', ...args);
  return 0;
}

function noArguments(command: string, args: readonly string[]): void {
  if (args.length === 0) return;
  throw new ToolError('FATHOM_USAGE', `Reading the arguments of ./fathom ${command}: it takes none`, {
    hint: `Run \`./fathom ${command}\`.`,
  });
}
