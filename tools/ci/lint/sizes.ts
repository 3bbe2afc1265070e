// Files that have grown long: told, never refused, as only a person knows whether there is a seam.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimited } from '../../lib/limit.ts';

/** Lines of a source and of a test from which on a seam is worth looking for. */
const MAX_LINES = 300;
const MAX_TEST_LINES = 600;

const SOURCE = /(\.(tsx?|css|bzl|jsonnet|libsonnet|go|py|java)|(^|\/)BUILD\.bazel)$/;
const TEST = /(_test\.(tsx?|go|py)|Test\.java)$|(^|\/)(testing|tests)\//;

/** A file with more lines than it should have. */
export interface LongFile {
  readonly path: string;
  readonly lines: number;
  readonly limit: number;
}

/** How many lines a file should have at most; undefined for what is no source. */
export function lineLimit(path: string): number | undefined {
  if (!SOURCE.test(path)) return undefined;
  return TEST.test(path) ? MAX_TEST_LINES : MAX_LINES;
}

/** The long ones of `paths`, the longest first. */
export async function longFiles(workspace: string, paths: readonly string[]): Promise<readonly LongFile[]> {
  const found = await mapLimited(paths, 16, async (path): Promise<LongFile | undefined> => {
    const limit = lineLimit(path);
    if (limit === undefined) return undefined;
    const lines = (await readFile(join(workspace, path), 'utf8')).split('\n').length - 1;
    return lines > limit ? { path, lines, limit } : undefined;
  });
  return found.filter((one) => one !== undefined).sort((a, b) => b.lines - a.lines);
}
