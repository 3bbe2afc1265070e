// The arguments of `gitops`: those of the target, then the caller's.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';
import { userPath } from '../../lib/runfiles.ts';

/** Every option. */
export const OPTIONS = {
  adopt: { type: 'boolean', doc: 'also replace files that something else has written' },
  'allow-dirty': { type: 'boolean', doc: 'write what a tree with changes renders' },
  base: { type: 'string', doc: 'the branch from which --branch is begun (default: --branch begins empty)' },
  branch: { type: 'string', doc: 'the branch that gets the commit' },
  'dry-run': { type: 'boolean', doc: 'only print the difference' },
  env: { type: 'string', doc: 'the environment' },
  output: { type: 'string', short: 'o', doc: 'text (default) or json' },
  path: { type: 'string', doc: 'the folder in the repository (default: the name of the environment)' },
  pr: { type: 'boolean', doc: 'hand the branch over to --pr-command' },
  'pr-command': { type: 'string', doc: 'a command of sh that opens a pull request (default: that of the target)' },
  repo: { type: 'string', doc: 'the repository: a URL, or a path' },
} as const satisfies Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string; readonly doc: string }>
>;

/** What a caller may choose. */
export interface GitopsOptions {
  readonly environment: string;
  readonly repo: string;
  readonly branch: string;
  readonly base: string | undefined;
  /** Without slashes at its ends; empty for the root. */
  readonly path: string;
  readonly isAdopting: boolean;
  readonly isDirtyAllowed: boolean;
  readonly isDryRun: boolean;
  /** The command that opens a pull request; undefined: none is asked for. */
  readonly prCommand: string | undefined;
  readonly output: 'text' | 'json';
}

/** What the launcher says. */
export interface GitopsInvocation {
  /** Absolute path of the target's description. */
  readonly config: string;
  readonly rest: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** The launcher's arguments: `--config FILE …`. Throws K8S_USAGE. */
export function parseInvocation(argv: readonly string[]): GitopsInvocation {
  const [flag, config, ...rest] = argv;
  if (flag === '--config' && config !== undefined) return { config, rest };
  throw new ToolError('K8S_USAGE', `Starting gitops with ${argv.slice(0, 2).join(' ')}`, {
    hint: 'Run a target of k8s_gitops, such as `bazel run //prod:gitops -- --env=…`.',
  });
}

/** The options; `about` has what the target says. Throws K8S_USAGE. */
export function parseOptions(
  args: readonly string[],
  about: { readonly environments: readonly string[]; readonly prCommand: string; readonly env: Env },
): GitopsOptions {
  const values = parseValues(args);
  const [only, ...others] = about.environments;
  const environment = values.env ?? (others.length === 0 ? only : undefined);
  if (environment === undefined || !about.environments.includes(environment)) {
    const problem =
      environment === undefined
        ? 'it is not said for which environment'
        : `'${environment}' is none of its environments`;
    throw usage(
      problem,
      `Say it: --env=${about.environments.join(', --env=')}. What a personal namespace runs is deployed with .apply alone, which fills in its name.`,
    );
  }
  const required = (name: 'repo' | 'branch', example: string): string => {
    const value = values[name];
    if (value !== undefined && value !== '') return value;
    throw usage(`--${name} is missing`, `Name one, such as --${name}=${example}.`);
  };
  const prCommand = values['pr-command'] ?? about.prCommand;
  if (values.pr === true && prCommand === '') {
    throw usage(
      '--pr has no command to hand the branch over to',
      'Give --pr-command, or pr_command to the k8s_gitops target.',
    );
  }
  const output = values.output ?? 'text';
  if (output !== 'text' && output !== 'json') throw usage(`--output '${output}' is not one of text, json`);
  return {
    environment,
    repo: repository(required('repo', 'ssh://git@example.com/deploy.git'), about.env),
    branch: branchName(required('branch', 'main'), '--branch'),
    base: values.base === undefined ? undefined : branchName(values.base, '--base'),
    path: folder(values.path ?? environment),
    isAdopting: values.adopt === true,
    isDirtyAllowed: values['allow-dirty'] === true,
    isDryRun: values['dry-run'] === true,
    prCommand: values.pr === true ? prCommand : undefined,
    output,
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw usage(errorText(error).split('. ')[0] ?? '');
  }
}

/** A URL, `host:path`, or a path that the user typed. What begins with a dash would be an option of git. */
function repository(text: string, env: Env): string {
  if (text.startsWith('-')) throw usage(`--repo '${text}' is no repository`);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[^/]+:/.test(text) ? text : userPath(text, env);
}

function branchName(text: string, option: string): string {
  // What git-check-ref-format allows, but for rare signs.
  const isGood = /^[A-Za-z0-9_][A-Za-z0-9_./+@-]*$/.test(text) && !/\.\.|\/\/|\.lock(\/|$)|[./]$|@\{|\/\./.test(text);
  if (isGood) return text;
  throw usage(`${option} '${text}' is no name of a branch`, 'Write it without refs/heads/, such as deploy/staging.');
}

function folder(text: string): string {
  const path = text.replace(/^(\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
  if (path.split('/').some((part) => part === '..' || part === '.git'))
    throw usage(`--path '${text}' leads out of the repository`);
  return path;
}

function usage(problem: string, hint?: string): ToolError {
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  return new ToolError('K8S_USAGE', `Reading arguments: ${problem}`, {
    hint: hint ?? `Known are ${known.join(', ')}.`,
  });
}
