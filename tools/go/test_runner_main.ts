// What `bazel test` of a go_test runs: the program of its tests, in the package's folder.
// Speaks Bazel's test protocol (https://bazel.build/reference/test-encyclopedia): XML_OUTPUT_FILE, sharding, filter.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { junitXml } from '../lib/junit.ts';
import { MARKER, emptyRun, listPattern, shareArguments, testResults } from './test_results.ts';

/** Runs the program; what it prints is seen at once, and returned with its exit code. */
async function run(program: string, args: readonly string[], cwd: string, isShown: boolean): Promise<[number, string]> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (isShown) process.stdout.write(text.replaceAll(MARKER, ''));
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  return [code, output];
}

await runMain(async ({ argv, env }) => {
  const [program = '', packageFolder = '', ...args] = argv;
  const folder = join(env['RUNFILES_DIR'] ?? '', env['TEST_WORKSPACE'] ?? 'fathom', packageFolder);
  await mkdir(folder, { recursive: true });
  if (env['TEST_SHARD_STATUS_FILE']) await writeFile(env['TEST_SHARD_STATUS_FILE'], '');
  const filter = env['TESTBRIDGE_TEST_ONLY'] ?? '';
  const shards = Number(env['TEST_TOTAL_SHARDS'] ?? '1');
  const shard = Number(env['TEST_SHARD_INDEX'] ?? '0');
  let names: readonly string[] = [];
  if (shards > 1) {
    const [, listed] = await run(program, [`-test.list=${listPattern(filter)}`], folder, false);
    names = listed.split('\n').filter((line) => /^(Test|Example|Fuzz)/.test(line));
  }
  const more = shareArguments({ filter, names, shards, shard }, args);
  const [code, output] = await run(program, ['-test.v=test2json', '-test.timeout=0', ...more], folder, true);
  const results = testResults(output);
  if (env['XML_OUTPUT_FILE']) {
    const cases = results.map(({ outcome, ...rest }) => ({
      ...rest,
      outcome: outcome === 'unfinished' ? ('failed' as const) : outcome,
    }));
    await writeFile(env['XML_OUTPUT_FILE'], junitXml(packageFolder, cases));
  }
  if (code !== 0) return code;
  // Where there is no test at all, another shard has none either.
  const problem = emptyRun(results, names.length > 0, filter);
  if (problem === undefined) return 0;
  process.stderr.write(`${problem}\n`);
  return 1;
});
