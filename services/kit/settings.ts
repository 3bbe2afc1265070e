// The kinds of settings: how a text becomes a value, and what is said where it does not.
import type { Setting } from './config.ts';
import { Secret } from './secret.ts';

/** Where another process listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
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

/** A number between `min` and `max`, both included, with or without decimals. */
export function decimal(variable: string, limits: { min: number; max: number; fallback?: number }): Setting<number> {
  return {
    variable,
    fallback: limits.fallback,
    expected: `a number from ${limits.min} to ${limits.max}`,
    parse: (text) => {
      const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
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

/** `true` or `false`. */
export function flag(variable: string, fallback?: boolean): Setting<boolean> {
  return {
    variable,
    fallback,
    expected: 'true or false',
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  };
}

/** Some text that is not empty. */
export function text(variable: string, fallback?: string): Setting<string> {
  return { variable, fallback, expected: 'a text that is not empty', parse: (value) => value };
}

/** An address that begins with `http://` or `https://`, without a password. */
export function url(variable: string, fallback?: URL): Setting<URL> {
  return {
    variable,
    fallback,
    expected: 'a URL that begins with http:// or https://, without a password in it',
    // A password may be in what is wrong about it.
    secret: true,
    parse: (value) => {
      const parsed = URL.parse(value);
      const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
      return parsed !== null && isHttp && parsed.password === '' && parsed.username === '' ? parsed : undefined;
    },
  };
}

/** A key of metadata. */
export function metadataKey(variable: string, fallback?: string): Setting<string> {
  return {
    variable,
    fallback,
    expected: 'a metadata key of small letters, digits, -, _ and .',
    parse: (value) => (/^[0-9a-z._-]{1,64}$/.test(value) ? value : undefined),
  };
}

/** A password or the like, which is never printed. Give it as a file: `<variable>_FILE`. */
export function secret(variable: string): Setting<Secret> {
  return { variable, secret: true, expected: 'a text that is not empty', parse: (value) => new Secret(value) };
}

/** `setting`, which may be left out: its value is undefined then. */
export function optional<T>(setting: Setting<T>): Setting<T | undefined> {
  return { ...setting, optional: true };
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
