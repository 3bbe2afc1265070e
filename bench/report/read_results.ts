// Reads results of benchmarks. What a file has is checked where it is used: a result of another form names itself.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError, errorText } from '../../tools/lib/errors.ts';
import type { BenchResult } from '../lib/result.ts';

/** All results in a folder, in the order of their names. */
export async function readResults(folder: string): Promise<readonly BenchResult[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map((name) => readResult(join(folder, name))));
}

/** One result. Throws BENCH_RESULT where it is none. */
export async function readResult(path: string): Promise<BenchResult> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, errorText(error), error);
  }
  if (!isResult(value)) throw unreadable(path, 'it is no result of a benchmark', undefined);
  return value;
}

function isResult(value: unknown): value is BenchResult {
  if (typeof value !== 'object' || value === null) return false;
  const { benchmark, commit, machine, versions, comparisons, measurements } = value as Partial<
    Record<keyof BenchResult, unknown>
  >;
  return (
    [benchmark, commit].every((one) => typeof one === 'string') &&
    [machine, versions].every((one) => typeof one === 'object' && one !== null) &&
    [comparisons, measurements].every(Array.isArray)
  );
}

function unreadable(path: string, why: string, cause: unknown): ToolError {
  return new ToolError('BENCH_RESULT', `Reading ${path}: ${why}`, {
    cause,
    hint: 'Make it anew: `bazel run //bench/<name> -- --write`.',
  });
}
