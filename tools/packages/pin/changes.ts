// What changes from one lock to the next, the same for every kind of package: shown, and refused where it goes back.
import { rename, writeFile } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';

/** What is compared of a package. */
export interface PinnedVersion {
  readonly version: string;
  /** Of its content; empty where the lock has none. */
  readonly hash: string;
}

export type PinnedVersions = ReadonlyMap<string, PinnedVersion>;

/** One change between two locks. */
export interface LockChange {
  readonly package: string;
  /** Undefined for what was added. */
  readonly from?: string;
  /** Undefined for what was removed. */
  readonly to?: string;
  readonly isDowngrade: boolean;
}

/** Below 0 when the first is older, above 0 when it is newer. */
export type CompareVersions = (a: string, b: string) => number;

/** What changed between two sets of packages, by name. */
export function compareLocks(before: PinnedVersions, after: PinnedVersions, compare: CompareVersions): LockChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): LockChange[] => {
    const [from, to] = [before.get(name), after.get(name)];
    if (from?.version === to?.version && from?.hash === to?.hash) return [];
    return [
      {
        package: name,
        ...(from === undefined ? {} : { from: from.version }),
        ...(to === undefined ? {} : { to: to.version }),
        isDowngrade: from !== undefined && to !== undefined && compare(to.version, from.version) < 0,
      },
    ];
  });
}

/** One change as a line: `+ a 1`, `- a 1`, `a 1 → 2`. */
export function changeLine({ package: name, from, to, isDowngrade }: LockChange): string {
  if (from === undefined) return `+ ${name} ${to}`;
  if (to === undefined) return `- ${name} ${from}`;
  if (from === to) return `${name} ${from}: other content under the same version`;
  return `${name} ${from} → ${to}${isDowngrade ? ' (older)' : ''}`;
}

/** Options of {@link applyChanges}. */
export interface ApplyChangesOptions {
  readonly before: PinnedVersions;
  readonly after: PinnedVersions;
  readonly compare: CompareVersions;
  readonly allowDowngrade: boolean;
  /** Path → new content; written together, once everything is checked. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether the files' contents are what is there already, up to what does not matter (a date). */
  readonly isUnchanged: boolean;
  /** Fetches what is new, so that nothing is written that cannot be had. Gets the names of what was added or changed. */
  readonly verify: (names: readonly string[]) => Promise<void>;
  readonly log: Log;
  /** Where the changes are printed. Default: stdout. */
  readonly print?: (line: string) => void;
}

/** Prints the changes, refuses downgrades, verifies and writes. Throws PIN_DOWNGRADE. Resolves to the changes. */
export async function applyChanges(options: ApplyChangesOptions): Promise<readonly LockChange[]> {
  const { before, after, compare, allowDowngrade, files, log } = options;
  const print = options.print ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const changes = compareLocks(before, after, compare);
  for (const change of changes) print(changeLine(change));
  const downgrades = changes.filter((change) => change.isDowngrade);
  if (downgrades.length > 0 && !allowDowngrade) {
    throw new ToolError('PIN_DOWNGRADE', `Pinning: older than before: ${downgrades.map(changeLine).join(', ')}`, {
      hint: 'Ask for newer versions, use an up-to-date mirror, or pass --allow-downgrade. Nothing was written.',
    });
  }
  if (options.isUnchanged) {
    log.info('nothing changed');
    return changes;
  }
  await options.verify(changes.filter((change) => change.to !== undefined).map((change) => change.package));
  for (const [path, content] of files) {
    await writeFile(`${path}.draft`, content);
    await rename(`${path}.draft`, path);
    log.info(`wrote ${path}`);
  }
  return changes;
}

/** A lock's text. */
export function lockText(lock: unknown): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}
