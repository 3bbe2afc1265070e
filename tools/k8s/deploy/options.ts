// The arguments of verbs: those of the BUILD file, then those after `--`.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';

export const VERBS = [
  'apply',
  'create',
  'delete',
  'describe',
  'diff',
  'image',
  'logs',
  'rbac',
  'replace',
  'resolve',
  'rollback',
  'status',
  'wait',
] as const;
export type Verb = (typeof VERBS)[number];

/**
 * Every option. Of a BUILD file's arguments, which are those of all verbs, each verb takes its own; what a caller gives
 * is refused where the verb does not read it: verb_options.ts.
 */
export const OPTIONS = {
  all: { type: 'boolean', doc: 'delete: also what other stacks still need' },
  'allow-empty': { type: 'boolean', doc: 'apply: prune all of a stack that has no objects any more' },
  deployer: { type: 'string', doc: 'image: the description of the image; the target gives it' },
  'dry-run': {
    type: 'boolean',
    doc: 'verbs that change something, namespaces.gc, registry.gc: only print what would be done',
  },
  context: { type: 'string', doc: 'another context of the kubeconfig; refused where the environment is bound to one' },
  follow: { type: 'boolean', short: 'f', doc: 'logs: go on until interrupted' },
  'force-conflicts': { type: 'boolean', doc: 'take over fields that another manager owns' },
  'in-cluster': { type: 'boolean', doc: 'the cluster of the pod in which this runs, as its service account' },
  junit: { type: 'string', doc: 'a file for JUnit XML, of verbs that change or wait' },
  'keep-tagged': { type: 'boolean', doc: 'registry.gc: keep also every image that has a tag' },
  'keep-younger-than': { type: 'string', doc: 'registry.gc: keep what was pushed within so long (default 24h)' },
  kubeconfig: { type: 'string', doc: 'another kubeconfig' },
  'no-wait': { type: 'boolean', doc: 'do not wait for readiness or deletions' },
  output: { type: 'string', short: 'o', doc: 'text (default) or json, on stdout' },
  'prune-data': { type: 'boolean', doc: 'delete and prune namespaces, volume claims and CRDs as well' },
  list: { type: 'boolean', doc: 'rollback: only print the revisions' },
  registry: { type: 'string', doc: 'image: where it is pushed to (default: the registry of the environment)' },
  repository: { type: 'string', doc: 'image: its name in the registry (default: that of the target)' },
  recreate: { type: 'boolean', doc: 'delete and make anew what cannot be changed, and Jobs that have failed' },
  since: { type: 'string', doc: 'logs: only lines of the last so long, such as 10m' },
  subject: { type: 'string', doc: 'rbac: who gets the rights, user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME' },
  tail: { type: 'string', doc: 'logs: only the last so many lines of each container' },
  timeout: { type: 'string', doc: 'how long to wait for readiness and deletions (default 5m)' },
  to: { type: 'string', doc: 'rollback: the number of a revision (default: the one before)' },
  'wait-lock': { type: 'string', doc: 'how long to wait for another run on the stack (default 5m, 0 not at all)' },
  yes: { type: 'boolean', short: 'y', doc: 'change a protected environment without being asked' },
} as const satisfies Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string; readonly doc: string }>
>;

/** What a caller may choose. */
export interface VerbOptions {
  readonly timeoutMs: number;
  readonly isWaiting: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly isForced: boolean;
  readonly isAll: boolean;
  readonly isPruningData: boolean;
  readonly isEmptyAllowed: boolean;
  /** Whether objects that cannot be changed are deleted and made anew. */
  readonly isRecreating: boolean;
  /** Whether nothing is changed. */
  readonly isDryRun: boolean;
  /** Whether a protected environment is changed without a question. */
  readonly isConfirmed: boolean;
  /** How long to wait for other runs. */
  readonly lockWaitMs: number;
  /** How results are printed. */
  readonly output: 'text' | 'json';
  /** A file for JUnit XML, as the user typed it. */
  readonly junit: string | undefined;
  /** Whether the cluster is that of the pod in which this runs. */
  readonly isInCluster: boolean;
  readonly image: ImageOptions;
  readonly logs: LogsOptions;
  readonly rollback: RollbackOptions;
  readonly retention: RetentionOptions;
  /** A subject of RBAC. */
  readonly subject: Readonly<Record<string, string>>;
}

/** The image that `image` pushes; empty where not said. */
export interface ImageOptions {
  /** Absolute path of its image.json. */
  readonly file: string;
  readonly registry: string;
  readonly repository: string;
}

/** What `rollback` puts back. */
export interface RollbackOptions {
  readonly isListing: boolean;
  /** Default: the revision before. */
  readonly to: number | undefined;
}

/** What a collection of images keeps beside what is in use. */
export interface RetentionOptions {
  /** What was pushed within so many milliseconds. */
  readonly keepYoungerThanMs: number;
  readonly isKeepingTagged: boolean;
}

/** Which lines `logs` prints. */
export interface LogsOptions {
  readonly isFollowing: boolean;
  /** Only lines of the last so many milliseconds. */
  readonly sinceMs: number | undefined;
  /** Only the last so many lines of each container. */
  readonly tail: number | undefined;
}

/** What the launcher says. */
export interface Invocation {
  readonly verb: Verb;
  readonly plan: string;
  readonly rest: readonly string[];
}

const DEFAULT_TIMEOUT = '5m';

/** The launcher's arguments: `--verb=apply --plan FILE …`. Throws K8S_USAGE. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const [first = '', flag, plan, ...rest] = argv;
  const verb = VERBS.find((candidate) => first === `--verb=${candidate}`);
  if (verb === undefined || flag !== '--plan' || plan === undefined) {
    throw new ToolError('K8S_USAGE', `Starting the deploy engine with ${argv.slice(0, 3).join(' ')}`, {
      hint: 'Run a verb of a target: `bazel run //services/x:myns-deep.apply`.',
    });
  }
  return { verb, plan, rest };
}

/** The options of a verb. Throws K8S_USAGE. */
export function parseOptions(args: readonly string[]): VerbOptions {
  const values = parseValues(args);
  return {
    timeoutMs: parseDuration(values.timeout ?? DEFAULT_TIMEOUT, '--timeout'),
    isWaiting: values['no-wait'] !== true,
    kubeconfig: values.kubeconfig,
    context: values.context,
    isForced: values['force-conflicts'] === true,
    isAll: values.all === true,
    isPruningData: values['prune-data'] === true,
    isEmptyAllowed: values['allow-empty'] === true,
    isRecreating: values.recreate === true,
    isDryRun: values['dry-run'] === true,
    isConfirmed: values.yes === true,
    lockWaitMs: parseDuration(values['wait-lock'] ?? DEFAULT_TIMEOUT, '--wait-lock'),
    junit: values.junit,
    isInCluster: values['in-cluster'] === true,
    image: { file: values.deployer ?? '', registry: values.registry ?? '', repository: values.repository ?? '' },
    output: oneOf(values.output ?? 'text', ['text', 'json'], '--output'),
    subject: parseSubject(values.subject ?? 'user:deployer'),
    rollback: {
      isListing: values.list === true,
      to: values.to === undefined ? undefined : parseCount(values.to, '--to'),
    },
    retention: {
      keepYoungerThanMs: parseDuration(values['keep-younger-than'] ?? '24h', '--keep-younger-than'),
      isKeepingTagged: values['keep-tagged'] === true,
    },
    logs: {
      isFollowing: values.follow === true,
      sinceMs: values.since === undefined ? undefined : parseDuration(values.since, '--since'),
      tail: values.tail === undefined ? undefined : parseCount(values.tail, '--tail'),
    },
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw usage(errorText(error).split('. ')[0] ?? '');
  }
}

function oneOf<T extends string>(text: string, words: readonly T[], option: string): T {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw usage(`${option} '${text}' is not one of ${words.join(', ')}`);
  return word;
}

function parseSubject(text: string): Readonly<Record<string, string>> {
  const [, kind, name] = /^(user|group):(.+)$/.exec(text) ?? [];
  if (kind !== undefined && name !== undefined) {
    return { apiGroup: 'rbac.authorization.k8s.io', kind: kind === 'user' ? 'User' : 'Group', name };
  }
  const [, namespace, account] = /^serviceaccount:([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace !== undefined && account !== undefined) return { kind: 'ServiceAccount', namespace, name: account };
  throw usage(`--subject '${text}' is no user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME`);
}

function parseCount(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usage(`${option} '${text}' is no whole number`);
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `5m`, `1m30s`; a bare number is seconds. Throws K8S_USAGE that names `option`. */
export function parseDuration(text: string, option: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) throw usage(`${option} '${text}' is no time such as 90s or 5m`);
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}

function usage(problem: string): ToolError {
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  return new ToolError('K8S_USAGE', `Reading arguments: ${problem}`, { hint: `Known are ${known.join(', ')}.` });
}
