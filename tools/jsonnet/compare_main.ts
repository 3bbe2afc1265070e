// What jsonnet_to_json_test runs: EXPECTATION OUTCOME, both JSON files, and --update to write the golden file anew.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { runfile } from '../lib/runfiles.ts';
import { difference, type Expectation, outcomeText } from './compare.ts';
import type { Outcome } from './render.ts';

type Request = Expectation & { readonly golden: string; readonly goldenSource: string };

async function readJson<T>(path: string | undefined): Promise<T> {
  if (path === undefined) throw new Error('usage: compare EXPECTATION OUTCOME [--update]');
  // Written by the rules themselves, so its form is known.
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

await runMain(async ({ argv, env }) => {
  const expected = await readJson<Request>(argv[0]);
  const outcome = await readJson<Outcome>(argv[1]);
  const target = env['FATHOM_TARGET'] ?? 'the test';
  const hint = `Mend the program, or take its output as it is: bazel run ${target} -- --update`;
  if (argv.includes('--update')) {
    const root = env['BUILD_WORKSPACE_DIRECTORY'];
    if (root === undefined || expected.goldenSource === '' || expected.regex || outcome.exitCode !== expected.error) {
      throw new ToolError('JSONNET_GOLDEN_FIXED', `Updating the golden file of ${target}: it can't be rewritten`, {
        hint: 'Use `bazel run` on a test whose golden file is a source, no expression, and whose exit code is right.',
      });
    }
    await writeFile(join(root, expected.goldenSource), outcomeText(expected, outcome));
    return;
  }
  const golden = expected.golden === '' ? undefined : await readFile(runfile(expected.golden), 'utf8');
  const found = difference(expected, outcome, golden);
  if (found !== undefined) throw new ToolError('JSONNET_GOLDEN_DIFFERS', `Comparing ${target}: ${found}`, { hint });
});
