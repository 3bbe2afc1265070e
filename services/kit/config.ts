// A service's settings: read from the environment and from files once at start, checked together, each problem named.
import { readFileSync, statSync } from 'node:fs';

/** One setting: the variable that holds it, and how its text becomes a value. */
export interface Setting<T> {
  readonly variable: string;
  /** The value where the variable is unset or empty. Default: the variable must be set. */
  readonly fallback?: T | undefined;
  /** Whether it may be left out, without a fallback: it is undefined then. Default: false. */
  readonly optional?: boolean;
  /** Whether its text must not be repeated in a problem. Default: false. */
  readonly secret?: boolean;
  /** What a good value looks like, as the end of "must be …". */
  readonly expected: string;
  /** The value of `text`, or undefined where it is none. */
  parse(text: string): T | undefined;
}

/** A table of settings. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table of settings. */
export type Config<S extends Settings> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer T> ? T : never;
};

/** Variables with their values, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that a service can't start with; `problems` has one sentence for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Reading settings: ${problems.join('; ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The variable that names a file with the value of `variable`, as a mounted secret is one. */
export function fileVariable(variable: string): string {
  return `${variable}_FILE`;
}

// A setting is a line or a certificate; what is larger is another file.
const MAX_FILE_BYTES = 1_048_576;

/** The text of the file at `path` without the line end that editors add, or why there is none. */
function readSettingFile(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES) return { problem: `it has ${size} bytes, at most ${MAX_FILE_BYTES} are read` };
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** The value of one setting, or the sentence about what is wrong with it. */
function readSetting(setting: Setting<unknown>, env: Environment): { value: unknown } | { problem: string } {
  const { variable, expected } = setting;
  const pathVariable = fileVariable(variable);
  const path = env[pathVariable] ?? '';
  const direct = env[variable] ?? '';
  if (path !== '' && direct !== '')
    return { problem: `${variable} and ${pathVariable} are both set: unset one of them` };
  if (path === '' && direct === '') {
    if (setting.fallback !== undefined || setting.optional === true) return { value: setting.fallback };
    return { problem: `${variable} must be ${expected}, and is not set` };
  }
  if (path === '') {
    const value = setting.parse(direct);
    const got = setting.secret === true ? 'something else' : JSON.stringify(direct);
    return value === undefined ? { problem: `${variable} must be ${expected}, got ${got}` } : { value };
  }
  const read = readSettingFile(path);
  if ('problem' in read) return { problem: `${pathVariable}: reading ${path}: ${read.problem}` };
  const value = read.text === '' ? undefined : setting.parse(read.text);
  // What is in a file is mostly secret, so it is not repeated.
  return value === undefined ? { problem: `${pathVariable}: ${path} must hold ${expected}` } : { value };
}

/**
 * Reads every setting of `settings` from `env`, or from the file that `<variable>_FILE` names; throws one ConfigError
 * that names all problems.
 */
export function readConfig<S extends Settings>(settings: S, env: Environment): Config<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const read = readSetting(setting, env);
    if ('problem' in read) problems.push(read.problem);
    else values[key] = read.value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config<S>;
}
