// The arguments of the programs for pins: those of the target, then the caller's.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';

/** What can be done about pins, with the options of each. */
export const COMMANDS = {
  release: {
    to: { type: 'string', doc: 'the environment (default: the first one in the order of promotion)' },
    'allow-dirty': { type: 'boolean', doc: 'record what a tree with changes builds, and that it had some' },
  },
  promote: {
    to: { type: 'string', doc: 'the environment that gets the pins of the one before it' },
    'allow-dirty': { type: 'boolean', doc: 'also what was built of a tree with changes' },
    'dry-run': { type: 'boolean', doc: 'only print what would change' },
  },
  restore: {
    env: { type: 'string', multiple: true, doc: 'an environment, several times (default: all)' },
    'build-flag': {
      type: 'string',
      multiple: true,
      doc: 'a flag for Bazel, several times, such as one that was used for the release',
    },
  },
  matrix: {
    output: { type: 'string', short: 'o', doc: 'text (default) or json' },
  },
} as const satisfies Readonly<
  Record<
    string,
    Readonly<
      Record<
        string,
        {
          readonly type: 'string' | 'boolean';
          readonly short?: string;
          readonly multiple?: boolean;
          readonly doc: string;
        }
      >
    >
  >
>;

export type Command = keyof typeof COMMANDS;

/** What the launcher says: `--command=release --service FILE … --caller [arguments of the caller]`. */
export interface Invocation {
  readonly command: Command;
  /** Absolute paths of the services' descriptions. */
  readonly services: readonly string[];
  readonly rest: readonly string[];
}

/** Options of the caller, of whatever command. */
export interface PinsOptions {
  readonly to: string | undefined;
  readonly isDirtyAllowed: boolean;
  readonly isDryRun: boolean;
  readonly environments: readonly string[];
  readonly buildFlags: readonly string[];
  readonly output: 'text' | 'json';
}

/** The launcher's arguments. Throws K8S_USAGE. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const caller = argv.indexOf('--caller');
  const [first = '', ...own] = argv.slice(0, Math.max(caller, 0));
  const command = (Object.keys(COMMANDS) as Command[]).find((name) => first === `--command=${name}`);
  if (command === undefined) {
    throw new ToolError('K8S_USAGE', `Starting the program for pins with ${argv.slice(0, 2).join(' ')}`, {
      hint: 'Run a target of k8s_pins: `bazel run //services/x:release`.',
    });
  }
  return { command, services: own.filter((word) => word !== '--service'), rest: argv.slice(caller + 1) };
}

/** The caller's options. Throws K8S_USAGE. */
export function parseOptions(command: Command, args: readonly string[]): PinsOptions {
  const values = parseValues(command, args);
  const texts = (name: string) => [values[name] ?? []].flat() as string[];
  const output = values['output'] ?? 'text';
  if (output !== 'text' && output !== 'json')
    throw usage(command, `--output '${String(output)}' is not one of text, json`);
  return {
    to: texts('to')[0],
    isDirtyAllowed: values['allow-dirty'] === true,
    isDryRun: values['dry-run'] === true,
    environments: texts('env'),
    buildFlags: texts('build-flag'),
    output,
  };
}

function parseValues(command: Command, args: readonly string[]): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options: COMMANDS[command] }).values;
  } catch (error) {
    throw usage(command, errorText(error).split('. ')[0] ?? '');
  }
}

function usage(command: Command, problem: string): ToolError {
  const known = Object.keys(COMMANDS[command]).map((name) => `--${name}`);
  return new ToolError('K8S_USAGE', `Reading arguments: ${problem}`, { hint: `Known are ${known.join(', ')}.` });
}
