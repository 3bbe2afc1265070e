// Stage 0: a lock as a repository rule meets it: read, and held against the list that people edit.
import { readFileSync } from 'node:fs';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { closureOf } from '../closure.ts';

/** What is asked of a package of any kind's lock. */
export interface AnyPackage {
  readonly version: string;
  /** Keys of the packages that it needs. */
  readonly depends: readonly string[];
}

/** A package that a list wants. */
export interface Wanted {
  /** Its key in the lock. */
  readonly name: string;
  /** Where the list pins one. */
  readonly version?: string;
}

/** Parses a JSON file. Throws LOCK_UNREADABLE. */
export function readJsonFile(path: string, shown: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new ToolError('LOCK_UNREADABLE', `Reading ${shown}: ${systemErrorCode(error) ?? 'it is not JSON'}`, {
      cause: error,
      hint: 'Restore it with git, or pin anew.',
    });
  }
}

/** Checks what every lock begins with. Throws LOCK_VERSION. */
export function checkLockVersion(lock: unknown, shown: string, pin: string): void {
  const version = typeof lock === 'object' && lock !== null && 'version' in lock ? lock.version : undefined;
  if (version !== 1) {
    throw new ToolError('LOCK_VERSION', `Reading ${shown}: its version is ${String(version)}, not 1`, {
      hint: `Write it anew with \`bazel run @fathom//tools/packages:${pin}\`.`,
    });
  }
}

/** Options of {@link checkAgainstList}. */
export interface CheckOptions {
  readonly wanted: readonly Wanted[];
  /** Names that the list leaves out. */
  readonly without: readonly string[];
  readonly packages: Readonly<Record<string, AnyPackage>>;
  /** The lock's name in messages. */
  readonly shown: string;
  /** The target that writes the lock. */
  readonly pin: string;
}

/** Throws LOCK_STALE where a lock is not what pinning its list would write: names each package that differs. */
export function checkAgainstList({ wanted, without, packages, shown, pin }: CheckOptions): void {
  const problems: string[] = [];
  for (const { name, version } of wanted) {
    const locked = packages[name];
    if (locked === undefined) problems.push(`${name} is in the list only`);
    else if (version !== undefined && version !== locked.version) {
      problems.push(`${name} is ${version} in the list, ${locked.version} in the lock`);
    }
  }
  const reached = new Set(wanted.flatMap(({ name }) => closureOf(name, (at) => packages[at]?.depends ?? [])));
  for (const name of Object.keys(packages)) {
    if (without.includes(name)) problems.push(`${name} is left out by the list, and in the lock`);
    else if (!reached.has(name)) problems.push(`${name} is in the lock only`);
  }
  for (const [name, { depends }] of Object.entries(packages)) {
    for (const needed of depends) {
      if (packages[needed] === undefined) problems.push(`${name} needs ${needed}, which the lock has not`);
    }
  }
  if (problems.length === 0) return;
  throw new ToolError('LOCK_STALE', `Reading ${shown}: it does not match its list: ${problems.join('; ')}`, {
    hint: `Run \`bazel run @fathom//tools/packages:${pin} -- <the list>\`, and commit both.`,
  });
}
