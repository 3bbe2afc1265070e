// bazel run //bench:report: writes the tables of bench/README.md and the plots beside the results.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../tools/lib/cli.ts';
import { filesOf } from './report.ts';
import { readResults } from './read_results.ts';

await runMain(async ({ env }) => {
  const bench = join(env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(), 'bench');
  const page = await readFile(join(bench, 'README.md'), 'utf8');
  const files = filesOf(page, await readResults(join(bench, 'results')));
  for (const [path, text] of files) await writeFile(join(bench, path), text);
  process.stdout.write([...files.keys()].map((path) => `bench/${path}\n`).join(''));
  return 0;
});
