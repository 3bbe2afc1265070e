// The command line of the commands about clusters: `./fathom up --provider=k3d --dry-run`.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';
import type { CommandContext } from './fathom_main.ts';

/** What was asked for. */
export interface ClusterOptions {
  readonly provider?: string;
  readonly 'dry-run'?: boolean;
  readonly nodes?: string;
  readonly mirror?: readonly string[];
  readonly without?: readonly string[];
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly registry?: string;
  readonly 'registry-endpoint'?: string;
  readonly output?: string;
}

const ALL = {
  provider: { type: 'string' },
  'dry-run': { type: 'boolean' },
  nodes: { type: 'string' },
  mirror: { type: 'string', multiple: true },
  without: { type: 'string', multiple: true },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
  namespace: { type: 'string' },
  registry: { type: 'string' },
  'registry-endpoint': { type: 'string' },
  output: { type: 'string' },
} as const;

/** Reads the arguments of a command that takes the options `names`. Throws FATHOM_USAGE. */
export function clusterOptions(
  command: string,
  { args }: Pick<CommandContext, 'args'>,
  names: readonly (keyof ClusterOptions)[],
): ClusterOptions {
  const options = Object.fromEntries(names.map((name) => [name, ALL[name]]));
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values as ClusterOptions;
  } catch (error) {
    throw new ToolError('FATHOM_USAGE', `Reading the options of ./fathom ${command}: ${errorText(error)}`, {
      cause: error,
      hint: `It takes ${names.map((name) => `--${name}`).join(', ')}.`,
    });
  }
}

/** Refuses options that another provider has. Throws FATHOM_USAGE. */
export function refuseOptions(
  provider: string,
  options: ClusterOptions,
  names: readonly (keyof ClusterOptions)[],
): void {
  const used = names.find((name) => options[name] !== undefined);
  if (used === undefined) return;
  throw new ToolError('FATHOM_USAGE', `Reading --${used}: provider ${provider} has no use for it`, {
    hint: 'Leave it out, or say which provider is meant: --provider=k3d, --provider=existing.',
  });
}
