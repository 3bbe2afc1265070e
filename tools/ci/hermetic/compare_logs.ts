// Where two builds part: the first action that is not the same in both of their execution logs.
import { createHash } from 'node:crypto';
import { type LoggedAction, type LoggedFile, readActions } from './execution_log.ts';

/** What two logs say of one another. */
export interface LogComparison {
  /** How many actions there are, of both logs together. */
  readonly actions: number;
  /** How many of them are not the same. */
  readonly differing: number;
  /** The first of these: none that it depends on differs. */
  readonly first: { readonly action: string; readonly differences: readonly string[] } | undefined;
}

/** Each source of one log's actions: it is read twice at most, and never held as a whole. */
export type ActionSource = () => AsyncIterable<LoggedAction> | Iterable<LoggedAction>;

/** The logs of two builds of the same targets. Throws HERMETIC_LOG. */
export function compareLogFiles(a: string, b: string): Promise<LogComparison> {
  return compareLogs(
    () => readActions(a),
    () => readActions(b),
  );
}

/** See {@link compareLogFiles}; a fingerprint of each action is all that is remembered. */
export async function compareLogs(a: ActionSource, b: ActionSource): Promise<LogComparison> {
  const open = new Map<string, string>();
  for await (const action of a()) open.set(nameOf(action), fingerprint(action));
  let actions = open.size;
  let differing = 0;
  let first: LoggedAction | undefined;
  for await (const action of b()) {
    const before = open.get(nameOf(action));
    open.delete(nameOf(action));
    if (before === undefined) actions++;
    else if (before === fingerprint(action)) continue;
    differing++;
    first ??= action;
  }
  differing += open.size;
  if (first !== undefined) {
    const before = await find(a, nameOf(first));
    const differences = before === undefined ? ['only the second build ran it'] : differencesOf(before, first);
    return { actions, differing, first: { action: nameOf(first), differences } };
  }
  const [missing] = open.keys();
  return {
    actions,
    differing,
    first: missing === undefined ? undefined : { action: missing, differences: ['only the first build ran it'] },
  };
}

/** What an action is known by in both builds: what it does, and the first file that it writes. */
export function nameOf({ mnemonic, outputs }: LoggedAction): string {
  return `${mnemonic} of ${outputs[0] ?? 'nothing'}`;
}

/** Lines that say where two runs of one action part, what it was told first, then what it read, then what it wrote. */
export function differencesOf(a: LoggedAction, b: LoggedAction): readonly string[] {
  const lines = [
    ...unequal('argument', numbered(a.args), numbered(b.args)),
    ...unequal('variable', named(a.env), named(b.env)),
    ...unequal('platform', named(a.platform), named(b.platform)),
    ...unequal('input', contents(a.inputs), contents(b.inputs)),
    ...unequal('listed output', numbered(a.outputs), numbered(b.outputs)),
  ];
  if (lines.length > 0) return lines;
  const written = unequal('output', contents(a.written), contents(b.written));
  return written.map((line) => `${line}, of the same inputs`);
}

async function find(source: ActionSource, name: string): Promise<LoggedAction | undefined> {
  for await (const action of source()) if (nameOf(action) === name) return action;
  return undefined;
}

function fingerprint({ args, env, platform, inputs, outputs, written }: LoggedAction): string {
  return createHash('sha256')
    .update(JSON.stringify([args, env, platform, inputs, outputs, written]))
    .digest('base64');
}

type Values = ReadonlyMap<string, string>;

const numbered = (words: readonly string[]): Values => new Map(words.map((word, at) => [String(at), word]));
const contents = (files: readonly LoggedFile[]): Values => new Map(files.map(({ path, content }) => [path, content]));
const named = (pairs: readonly string[]): Values =>
  new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));

function unequal(what: string, a: Values, b: Values): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => `${what} ${key}: ${a.get(key) ?? 'absent'} and ${b.get(key) ?? 'absent'}`);
}
