// The arguments of verbs: those of the BUILD file, then those after `--`.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';

export const VERBS = ['apply', 'create', 'delete', 'describe', 'diff', 'replace', 'resolve'] as const;
export type Verb = (typeof VERBS)[number];

/** What a caller may choose. */
export interface VerbOptions {
  readonly timeoutMs: number;
  readonly isWaiting: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly isForced: boolean;
  readonly isAll: boolean;
  readonly isPruningData: boolean;
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
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        timeout: { type: 'string', default: DEFAULT_TIMEOUT },
        'no-wait': { type: 'boolean', default: false },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        'force-conflicts': { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        'prune-data': { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw usage(errorText(error).split('. ')[0] ?? '');
  }
  return {
    timeoutMs: parseDuration(values.timeout),
    isWaiting: !values['no-wait'],
    kubeconfig: values.kubeconfig,
    context: values.context,
    isForced: values['force-conflicts'],
    isAll: values.all,
    isPruningData: values['prune-data'],
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `5m`, `1m30s`; a bare number is seconds. Throws K8S_USAGE. */
export function parseDuration(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) throw usage(`--timeout '${text}' is no time such as 90s or 5m`);
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}

function usage(problem: string): ToolError {
  return new ToolError('K8S_USAGE', `Reading arguments: ${problem}`, {
    hint: 'Known are --timeout 5m, --no-wait, --kubeconfig FILE, --context NAME, --force-conflicts, --all and --prune-data.',
  });
}
