// A service's settings: read from the environment once at start, checked together, each problem named.

/** One setting: the variable that holds it, and how its text becomes a value. */
export interface Setting<T> {
  readonly variable: string;
  /** The value where the variable is unset or empty. Default: the variable must be set. */
  readonly fallback?: T | undefined;
  /** What a good value looks like, as the end of "must be …". */
  readonly expected: string;
  /** The value of `text`, or undefined where it is none. */
  parse(text: string): T | undefined;
}

/** Where another process listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The values of a table of settings. */
export type Config<S extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer T> ? T : never;
};

/** Settings that a service can't start with; `problems` has one sentence for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Reading settings: ${problems.join('; ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A whole number between `min` and `max`, both included. */
export function wholeNumber(
  variable: string,
  limits: { min: number; max: number; fallback?: number },
): Setting<number> {
  return {
    variable,
    fallback: limits.fallback,
    expected: `a whole number from ${limits.min} to ${limits.max}`,
    parse: (text) => {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
      return value !== undefined && value >= limits.min && value <= limits.max ? value : undefined;
    },
  };
}

/** One of `values`. */
export function oneOf<T extends string>(variable: string, values: readonly T[], fallback?: T): Setting<T> {
  return {
    variable,
    fallback,
    expected: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
  };
}

/** Some text that is not empty. */
export function text(variable: string, fallback?: string): Setting<string> {
  return { variable, fallback, expected: 'a text that is not empty', parse: (value) => value };
}

/** `host:port`, or `[address]:port` for IPv6. */
export function address(variable: string, fallback?: Address): Setting<Address> {
  return {
    variable,
    fallback,
    expected: 'host:port',
    parse: (value) => {
      const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(value);
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3]);
      return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
    },
  };
}

/** `host:port` again, as a gRPC target or for a log line. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads every setting of `settings` from `env`; throws one ConfigError that names all problems. */
export function readConfig<S extends Readonly<Record<string, Setting<unknown>>>>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): Config<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const found = env[setting.variable] ?? '';
    values[key] = found === '' ? setting.fallback : setting.parse(found);
    if (values[key] === undefined) {
      problems.push(
        `${setting.variable} must be ${setting.expected}, ${found === '' ? 'and is not set' : `got ${JSON.stringify(found)}`}`,
      );
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config<S>;
}
