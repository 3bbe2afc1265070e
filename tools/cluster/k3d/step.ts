// What bringing a cluster up with other programs consists of, as data: the runner carries it out, --dry-run prints it.

/** A program and its arguments: no shell. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Default: nothing. */
  readonly stdin?: string;
  /** The file that gets its output, for the owner alone. Default: none. */
  readonly to?: string;
}

/** A look at how things are. It finds what it wants if the command succeeds and its output is one of `accepts`. */
export interface Probe {
  readonly command: Command;
  /** Outputs, without the space around them. Default: any. */
  readonly accepts?: readonly string[];
  /** What mends another output, where nothing that we do does. Default: the step acts. */
  readonly refusal?: string;
}

/** Look, act where needed, look again. */
export interface Step {
  /** A participle and its object: `Creating network k3d-network`. */
  readonly what: string;
  /** All of them must find what they want; without any, the step always acts. */
  readonly check: readonly Probe[];
  /** None: the step waits until the check is content. */
  readonly act: readonly Command[];
  readonly timeoutMs: number;
  /** How long the check must be content without a break, in milliseconds. Default: 0, once. */
  readonly holdMs?: number;
  readonly hint: string;
}

/** A command as a person would type it. */
export function shown({ argv, stdin, to }: Command): string {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  const target = to === undefined ? '' : ` > ${to}`;
  const input = stdin === undefined ? '' : ` <<'EOF'\n${stdin.trimEnd()}\nEOF`;
  return `${words.join(' ')}${target}${input}`;
}

/** Steps as text: a line of each for people, then its commands, ready to be pasted. */
export function shownSteps(steps: readonly Step[]): string {
  return steps.map((step) => `# ${step.what}${remark(step)}\n${lines(step).join('\n')}\n`).join('\n');
}

function remark({ check, act, holdMs = 0, timeoutMs }: Step): string {
  const wanted = check.map((probe) => `#   ${shown(probe.command)}${expected(probe)}`).join('\n');
  if (act.length > 0) return check.length === 0 ? '' : `, unless this succeeds:\n${wanted}`;
  const hold = holdMs === 0 ? '' : `, for ${holdMs / 1000} s on end`;
  return `, at most ${timeoutMs / 1000} s, until this succeeds${hold}:`;
}

function expected({ accepts }: Probe): string {
  const outputs = accepts?.map((text) => (text === '' ? 'nothing' : `'${text.replaceAll('\n', '\\n')}'`));
  return outputs === undefined ? '' : `   # → ${outputs.join(' or ')}`;
}

function lines({ check, act }: Step): readonly string[] {
  return act.length > 0 ? act.map(shown) : check.map((probe) => `${shown(probe.command)}${expected(probe)}`);
}
