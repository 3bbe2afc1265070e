// What an action takes from the machine that runs it: a program that it does not declare, a path, a PATH.
import { nameOf } from './compare_logs.ts';
import { type LoggedAction, readActions } from './execution_log.ts';

/** What may stay, by mnemonic, and why. */
const ALLOWED: Readonly<Record<string, { readonly line: RegExp; readonly why: string }>> = {
  PyBytecode: {
    line: /^argument \/usr\/(local\/)?lib\/python3\.\d+(\/|$)/,
    why: 'where the image has the source: tracebacks say it',
  },
  GoBuild: { line: /^variable PATH=/, why: 'cgo: the C compiler is that of the machine, found by PATH' },
};

/** Folders of a machine: in a command line they are paths that another machine need not have. */
const HOST_PATH = /(^|[=:,@])\/(bin|etc|home|lib|opt|root|sbin|tmp|usr|var)\//;

/** What a log says of its build. */
export interface Survey {
  /** Lines for what is taken from the machine. */
  readonly undeclared: readonly string[];
  /** How many actions ran where they see no other files than their own. */
  readonly sandboxed: number;
}

/** Looks at every action of a log. Throws HERMETIC_LOG. */
export async function survey(log: string): Promise<Survey> {
  const lines: string[] = [];
  let sandboxed = 0;
  for await (const action of readActions(log)) {
    lines.push(...undeclared(action));
    if (action.runner === 'linux-sandbox') sandboxed++;
  }
  return { undeclared: lines, sandboxed };
}

/** Lines for what an action takes from its machine; none where it can run on any. */
export function undeclared(action: LoggedAction): readonly string[] {
  const [program = '', ...args] = action.args;
  const declared = action.inputs.some(({ path }) => path === program);
  return [
    ...(declared ? [] : [`program ${program}, which is no input`]),
    ...args.filter((arg) => HOST_PATH.test(arg)).map((arg) => `argument ${arg}`),
    ...action.env.filter((pair) => /^(HOME|PATH|USER)=./.test(pair)).map((pair) => `variable ${pair}`),
  ]
    .filter((line) => ALLOWED[action.mnemonic]?.line.test(line) !== true)
    .map((line) => `${nameOf(action)}: ${line}`);
}
