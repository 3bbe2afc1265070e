// Stage 0: the main program of ts_test. Arguments: the compiled test files.
// Speaks Bazel's test protocol (https://bazel.build/reference/test-encyclopedia): XML_OUTPUT_FILE, sharding, filter.
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { junit, spec } from 'node:test/reporters';

const env = process.env;
const touch = (path: string | undefined) => path !== undefined && path !== '' && writeFileSync(path, '');
touch(env['TEST_SHARD_STATUS_FILE']);
touch(env['TEST_PREMATURE_EXIT_FILE']);

// Not in TEST_TMPDIR: that is the tests' own, and one may empty it.
const folder = mkdtempSync(join(tmpdir(), 'fathom-cases-'));
const cases = join(folder, 'registered');
env['FATHOM_TEST_CASES'] = cases;
// Inherited by the test files' processes; Bazel's own time-out ends what hangs.
delete env['NODE_TEST_CONTEXT'];

const files = process.argv.slice(2);
const filter = env['TESTBRIDGE_TEST_ONLY'];
const stream = run({
  files,
  isolation: 'process',
  concurrency: false,
  execArgv: process.execArgv,
  ...(filter ? { testNamePatterns: [new RegExp(filter)] } : {}),
});

// Node reports a file in which nothing ran as one case, called like the file.
const isCase = (event: { readonly name: string; readonly details: { readonly type?: string } }) =>
  event.details.type !== 'suite' && !files.includes(event.name);
let executed = 0;
let failed = 0;
stream.on('test:pass', (event) => {
  if (isCase(event) && event.skip === undefined && event.todo === undefined) executed++;
});
stream.on('test:fail', () => failed++);
const outputs = [
  finished(stream.compose(spec).pipe(process.stdout, { end: false }), { readable: false }).catch(() => undefined),
];
if (env['XML_OUTPUT_FILE']) {
  outputs.push(finished(stream.compose(junit).pipe(createWriteStream(env['XML_OUTPUT_FILE']))));
}
await finished(stream.resume());
await Promise.race([Promise.all(outputs.slice(1)), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);

const counts = existsSync(cases)
  ? readFileSync(cases, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { readonly registered: number; readonly matching: number })
  : [];
const registered = counts.reduce((sum, count) => sum + count.registered, 0);
// Those of all shards: each registers all cases, and runs its own.
const matching = counts.reduce((sum, count) => sum + count.matching, 0);
rmSync(folder, { recursive: true, force: true });
const sharded = Number(env['TEST_TOTAL_SHARDS'] ?? '1') > 1;
if (failed > 0) process.exitCode = 1;
else if (registered === 0) fail('no test case is in these files: a test that tests nothing fails');
else if (executed === 0 && matching === 0) fail(`no test case matches --test_filter=${filter}`);
else if (executed === 0 && !sharded) fail('every test case was skipped: a test that tests nothing fails');
if (process.exitCode === undefined || process.exitCode === 0)
  rmSync(env['TEST_PREMATURE_EXIT_FILE'] ?? join(folder, 'none'), { force: true });

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
