// Which options each program reads: what it does not read is refused, as whoever gives it counts on it.
import { parseArgs } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { OPTIONS, type Verb } from './options.ts';

export type OptionName = keyof typeof OPTIONS;

/** A verb of a stack, or a program beside them. */
export type Program = Verb | 'namespaces.gc' | 'namespaces.list' | 'namespaces.release' | 'registry.gc';

const CLUSTER = ['kubeconfig', 'context', 'in-cluster'] as const;
const CHANGING = [...CLUSTER, 'dry-run', 'junit', 'no-wait', 'output', 'timeout', 'wait-lock', 'yes'] as const;
const PLANNING = ['force-conflicts', 'prune-data', 'recreate'] as const;

/** The options of each program; those of a BUILD file are for all verbs, and each takes its own of them. */
export const OPTIONS_OF: Readonly<Record<Program, readonly OptionName[]>> = {
  apply: [...CHANGING, ...PLANNING, 'allow-empty'],
  create: [...CHANGING, ...PLANNING, 'allow-empty'],
  delete: [...CHANGING, 'all', 'prune-data'],
  describe: CLUSTER,
  diff: [...CLUSTER, ...PLANNING, 'output'],
  image: ['deployer', 'registry', 'repository'],
  logs: [...CLUSTER, 'follow', 'since', 'tail'],
  'namespaces.gc': [...CLUSTER, 'dry-run', 'no-wait', 'output', 'timeout', 'yes'],
  'namespaces.list': [...CLUSTER, 'output'],
  'namespaces.release': CLUSTER,
  rbac: [...CLUSTER, 'subject'],
  'registry.gc': [...CLUSTER, 'dry-run', 'keep-tagged', 'keep-younger-than', 'output', 'timeout', 'wait-lock', 'yes'],
  replace: [...CHANGING, ...PLANNING, 'allow-empty'],
  resolve: [],
  rollback: [...CHANGING, ...PLANNING, 'list', 'to'],
  status: [...CLUSTER, 'output'],
  wait: [...CLUSTER, 'junit', 'output', 'timeout'],
};

/** Refuses what a program does not read, of the arguments of its caller. Throws K8S_USAGE. */
export function requireOwnOptions(args: readonly string[], program: Program): void {
  // What cannot be parsed is told by whoever reads the values.
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const own: readonly string[] = OPTIONS_OF[program];
  for (const token of tokens) {
    if (token.kind !== 'option' || own.includes(token.name) || !Object.hasOwn(OPTIONS, token.name)) continue;
    const words = own.filter((name) => name !== 'deployer').map((name) => `--${name}`);
    throw new ToolError('K8S_USAGE', `Reading arguments: .${program} has no use for --${token.name}`, {
      hint: words.length === 0 ? 'It takes no arguments.' : `It takes ${words.sort().join(', ')}.`,
    });
  }
}
