// `./fathom up`, `down` and `status` with provider existing.
import { resolve } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { clusterFolder, readClusterState } from '../../lib/state.ts';
import { downExisting } from '../existing/down.ts';
import { bazel } from './bazel.ts';
import { CLUSTER } from './cluster_name.ts';
import type { CommandContext } from './fathom_main.ts';
import { refuseOptions, type ClusterOptions } from './options.ts';

/** What this provider alone takes. */
export const EXISTING_OPTIONS = [
  'context',
  'kubeconfig',
  'namespace',
  'registry',
  'registry-endpoint',
] as const satisfies readonly (keyof ClusterOptions)[];

const TOOL = ['run', '//tools/cluster:outside', '--'] as const;

export async function upExistingCommand(context: CommandContext, options: ClusterOptions): Promise<number> {
  refuseOptions('existing', options, ['dry-run', 'nodes', 'mirror', 'without']);
  const isGiven = EXISTING_OPTIONS.some((name) => options[name] !== undefined);
  const isRecorded = (await readClusterState(CLUSTER, context.env)) !== undefined;
  if (!isGiven && isRecorded) return statusExistingCommand(context);
  for (const name of ['context', 'registry'] as const) {
    if (options[name] !== undefined) continue;
    throw new ToolError('FATHOM_USAGE', `Taking a cluster that is there: --${name} is missing`, {
      hint: 'Say which: ./fathom up --provider=existing --context=NAME --registry=registry.example.com.',
    });
  }
  // Bazel runs programs elsewhere: a relative path is meant as seen from here.
  const { kubeconfig } = options;
  const given = { ...options, ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(kubeconfig) }) };
  const flags = EXISTING_OPTIONS.flatMap((name) => (given[name] === undefined ? [] : [`--${name}=${given[name]}`]));
  await bazel(context, 'Looking at the cluster', ...TOOL, 'up', '--provider=existing', ...flags);
  process.stdout.write(`
Recorded; nothing is deployed. Try next:
  bazel run //prod:kinds.diff
  bazel run //services/routeguide/client:myns-deep.diff
`);
  return 0;
}

export async function downExistingCommand({ env, log }: CommandContext): Promise<number> {
  const folder = clusterFolder(CLUSTER, env);
  const ended = await downExisting(folder);
  log.info(ended ? `forgot cluster ${CLUSTER}: it is as it was` : `there was none in ${folder}`);
  return 0;
}

export async function statusExistingCommand(context: CommandContext): Promise<number> {
  await bazel(context, 'Looking at the cluster', ...TOOL, 'check', '--provider=existing');
  return 0;
}
