// Every file of the checkout beside its formatted text.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mapLimited } from '../../lib/limit.ts';
import { formatterOf } from './format.ts';

/** A file that its formatter would change, or can't read. */
export interface Unformatted {
  /** Relative to the workspace. */
  readonly path: string;
  /** The right text; undefined where the formatter failed. */
  readonly formatted: string | undefined;
  /** What the formatter said where it failed; '' elsewhere. */
  readonly problem: string;
}

/** Files that are wrong on purpose: they show what the tools say of them. */
const BROKEN_ON_PURPOSE = /\/fixtures\/|(^|\/)fails_|jsonnet\/tests\/missing_/;

/** The files that git tracks or would add. */
export function checkoutFiles(workspace: string): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: workspace,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 << 20,
  });
  // A file that git still lists may be gone.
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(workspace, path)));
}

/** Those of them that are not wrong on purpose. */
export function sourceFiles(workspace: string): readonly string[] {
  return checkoutFiles(workspace).filter((path) => !BROKEN_ON_PURPOSE.test(path));
}

/**
 * The folders of those of `paths` that are settings of a TypeScript program, '.' first: what browsers load has its own.
 * Examples are workspaces of their own, and settings among tests are what a rule is tested with.
 */
export function typeScriptPrograms(paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => /(^|\/)tsconfig\.json$/.test(path) && !/^examples\/|\/tests\//.test(path))
    .map((path) => dirname(path))
    .toSorted();
}

/** Those of them that a formatter is for. */
export function formattedFiles(workspace: string): readonly string[] {
  return sourceFiles(workspace).filter((path) => formatterOf(path) !== undefined);
}

/** Those of `paths` that are not as their formatter would have them. */
export async function unformatted(workspace: string, paths: readonly string[]): Promise<readonly Unformatted[]> {
  const found = await mapLimited(paths, 8, async (path): Promise<Unformatted | undefined> => {
    const text = await readFile(join(workspace, path), 'utf8');
    try {
      const formatted = await formatterOf(path)?.(join(workspace, path), text);
      return formatted === text ? undefined : { path, formatted, problem: '' };
    } catch (error) {
      return { path, formatted: undefined, problem: error instanceof Error ? error.message : String(error) };
    }
  });
  return found.filter((one) => one !== undefined);
}
