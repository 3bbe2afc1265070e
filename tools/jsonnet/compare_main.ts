// What tests with golden files run: EXPECTATION OUTCOME, both JSON files. With --update it writes the golden file anew,
// and takes any number of such pairs.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { runfile } from '../lib/runfiles.ts';
import { difference, type Expectation, outcomeText } from './compare.ts';
import type { Outcome } from './request.ts';

interface Test {
  readonly expected: Expectation & { readonly golden: string; readonly goldenSource: string; readonly target: string };
  readonly outcome: Outcome;
}

const UPDATE = '--update';

async function readJson<T>(path: string | undefined): Promise<T> {
  if (path === undefined) throw new Error(`usage: compare EXPECTATION OUTCOME … [${UPDATE}]`);
  // Written by the rules themselves, so its form is known.
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

async function readTests(paths: readonly string[]): Promise<readonly Test[]> {
  const firsts = paths.filter((_path, index) => index % 2 === 0);
  return Promise.all(
    firsts.map(async (path, index) => ({
      expected: await readJson<Test['expected']>(path),
      outcome: await readJson<Outcome>(paths[2 * index + 1]),
    })),
  );
}

/** Writes a test's golden file where it differs; returns whether it did. */
async function update({ expected, outcome }: Test, root: string | undefined): Promise<boolean> {
  const { golden, goldenSource, regex, error, target } = expected;
  if (root === undefined || goldenSource === '' || regex || outcome.exitCode !== error) {
    throw new ToolError('JSONNET_GOLDEN_FIXED', `Updating the golden file of ${target}: it can't be rewritten`, {
      hint: 'Use `bazel run` on a test whose golden file is a source, no expression, and whose exit code is right.',
    });
  }
  if (difference(expected, outcome, await readFile(runfile(golden), 'utf8')) === undefined) return false;
  await writeFile(join(root, goldenSource), outcomeText(expected, outcome));
  process.stdout.write(`wrote ${goldenSource}\n`);
  return true;
}

async function compare({ expected, outcome }: Test): Promise<void> {
  const { target } = expected;
  const golden = expected.golden === '' ? undefined : await readFile(runfile(expected.golden), 'utf8');
  const found = difference(expected, outcome, golden);
  if (found === undefined) return;
  throw new ToolError('JSONNET_GOLDEN_DIFFERS', `Comparing ${target}: ${found}`, {
    hint: `Mend the program, or take its output as it is: bazel run ${target} -- ${UPDATE}`,
  });
}

await runMain(async ({ argv, env }) => {
  const tests = await readTests(argv.filter((word) => word !== UPDATE));
  if (!argv.includes(UPDATE)) {
    for (const test of tests) await compare(test);
    return;
  }
  const written = [];
  for (const test of tests) written.push(await update(test, env['BUILD_WORKSPACE_DIRECTORY']));
  process.stdout.write(`${tests.length} golden files, ${written.filter(Boolean).length} written\n`);
});
