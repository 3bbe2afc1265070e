// metrics.txt of a service: what its test has scraped, checked in. See exposition.ts for its form.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemErrorCode, ToolError } from '../lib/errors.ts';
import { metricsList } from './exposition.ts';

/**
 * Compares a list with what was scraped. Under `bazel run` it writes the list instead. Throws METRICS_LIST_STALE with
 * each line that differs.
 */
export function checkMetricsFile(
  file: URL,
  exposition: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const path = fileURLToPath(file);
  const listed = readList(path);
  const scraped = metricsList(exposition);
  if (env['BUILD_WORKSPACE_DIRECTORY'] !== undefined && listed !== '') {
    // Of a runfile the source that it leads to.
    writeFileSync(realpathSync(path), merged(listed, scraped, 'scraped'));
    process.stderr.write(`wrote ${realpathSync(path)}\n`);
    return;
  }
  const wanted = merged(listed, scraped, 'listed');
  if (listed === wanted) return;
  const target = env['TEST_TARGET'] ?? 'the target of this test';
  throw new ToolError('METRICS_LIST_STALE', `Comparing ${path} with what was scraped:\n${difference(listed, wanted)}`, {
    hint: `Have it written: \`bazel run ${target}\` (an empty file must be there, with a comment in it).`,
  });
}

function readList(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * What was scraped. Of a metric that had no series this time the labels are those of the list. One whose labels the list
 * does not know stays so, unless what was scraped has the lead: garbage is collected in some runs and not in others.
 */
function merged(listed: string, scraped: string, lead: 'listed' | 'scraped'): string {
  const nameOf = (line: string) => line.replace(/\{.*$/, '');
  const isAny = (line: string) => line.endsWith('{*}');
  const before = new Map(listed.split('\n').map((line) => [nameOf(line), line]));
  const comments = listed.split('\n').filter((line) => line.startsWith('#'));
  const lines = scraped.split('\n').map((line) => {
    const old = before.get(nameOf(line));
    if (old === undefined) return line;
    return isAny(line) || (lead === 'listed' && isAny(old)) ? old : line;
  });
  return [...comments, ...lines].join('\n');
}

function difference(listed: string, wanted: string): string {
  const [before, after] = [listed, wanted].map((text) => new Set(text.split('\n').filter((line) => line !== '')));
  const gone = [...(before ?? [])].filter((line) => after?.has(line) !== true).map((line) => `  - ${line}`);
  const come = [...(after ?? [])].filter((line) => before?.has(line) !== true).map((line) => `  + ${line}`);
  return [...gone, ...come].join('\n');
}
