// Reads results of benchmarks. A file of another form is refused with the place in it: what reads on relies on all rows.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { ToolError, errorText } from '../../tools/lib/errors.ts';
import type { BenchResult } from '../lib/result.ts';
import { RESULT_SCHEMA } from './schema.ts';

const isResult = new Ajv().compile<BenchResult>(RESULT_SCHEMA);

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
  if (isResult(value)) return value;
  const [problem] = isResult.errors ?? [];
  const place = problem?.instancePath.slice(1) || 'it';
  throw unreadable(path, `${place} ${problem?.message ?? 'is no result of a benchmark'}`, undefined);
}

function unreadable(path: string, why: string, cause: unknown): ToolError {
  return new ToolError('BENCH_RESULT', `Reading ${path}: ${why}`, {
    cause,
    hint: 'Make it anew: `bazel run //bench/<name> -- --write`, or with `--output FILE` what is not to be kept.',
  });
}
