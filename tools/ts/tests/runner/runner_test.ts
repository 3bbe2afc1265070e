import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';

/** Runs a fixture as Bazel would, in a folder of its own. */
function runFixture(name: string, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'run-'));
  const xml = join(folder, 'test.xml');
  const shards = join(folder, 'shards');
  const result = spawnSync(runfile(`fathom/tools/ts/tests/runner/${name}`), {
    encoding: 'utf8',
    env: { PATH: '', TEST_TMPDIR: folder, XML_OUTPUT_FILE: xml, TEST_SHARD_STATUS_FILE: shards, ...env },
  });
  const report = existsSync(xml) ? readFileSync(xml, 'utf8') : '';
  const cases = [...report.matchAll(/<testcase name="([^"]+)"[^>]*?(\/>|>\s*(<(?:skipped|failure))?)/g)];
  return {
    ...result,
    output: result.stdout + result.stderr,
    report,
    ran: cases.filter((match) => match[3] !== '<skipped').map((match) => match[1]),
    told: existsSync(shards),
  };
}

test('passes when all cases pass, and reports each in the XML', () => {
  const result = runFixture('four');
  assert.equal(result.status, 0, result.output);
  assert.deepEqual(result.ran, ['one', 'two', 'three', 'four']);
});

test('fails when a case fails, and names it in the XML', () => {
  const result = runFixture('failing');
  assert.equal(result.status, 1);
  assert.match(result.report, /<testcase name="fails"[^>]*>\s*<failure/);
});

for (const [name, message] of [
  ['empty', /no test case/],
  ['exit', /ended its process before/],
  ['skipped', /skipped/],
] as const) {
  test(`fails a file that tests nothing: ${name}`, () => {
    const result = runFixture(name);
    assert.equal(result.status, 1, result.output);
    assert.match(result.output, message);
  });
}

test('runs only the cases that the filter matches', () => {
  const result = runFixture('four', { TESTBRIDGE_TEST_ONLY: '^t' });
  assert.equal(result.status, 0, result.output);
  assert.deepEqual(
    result.ran.filter((name) => name?.startsWith('t')),
    ['two', 'three'],
  );
  assert.ok(!result.ran.includes('one'), result.report);
});

test('fails when the filter matches no case', () => {
  const result = runFixture('four', { TESTBRIDGE_TEST_ONLY: 'no such case' });
  assert.equal(result.status, 1);
  assert.match(result.output, /no test case matches/);
});

test('passes in shards without a case that the filter matches, and fails where no shard has one', () => {
  const run = (filter: string) => {
    const env = { TEST_TOTAL_SHARDS: '3', TESTBRIDGE_TEST_ONLY: filter };
    return [0, 1, 2].map((index) => runFixture('four', { ...env, TEST_SHARD_INDEX: String(index) }));
  };
  for (const [filter, ran] of [
    ['^two$', ['two']],
    ['group', ['four', 'three']],
    ['group four', ['four']],
  ] as const) {
    const shards = run(filter);
    const output = shards.map((shard) => shard.output).join('\n');
    assert.deepEqual(
      shards.map((shard) => shard.status),
      [0, 0, 0],
      output,
    );
    // Node reports a suite or file in which nothing ran as a case, too.
    const cases = shards.flatMap((shard) => shard.ran).filter((name) => /^(one|two|three|four)$/.test(name ?? ''));
    assert.deepEqual(cases.sort(), ran, output);
  }
  const none = run('no such case');
  assert.deepEqual(
    none.map((shard) => shard.status),
    [1, 1, 1],
  );
  assert.match(none[0]?.output ?? '', /no test case matches/);
});

test('runs each case in exactly one shard', () => {
  const shards = [0, 1, 2].map((index) =>
    runFixture('four', { TEST_TOTAL_SHARDS: '3', TEST_SHARD_INDEX: String(index) }),
  );
  assert.deepEqual(
    shards.map((shard) => shard.status),
    [0, 0, 0],
    shards.map((shard) => shard.output).join('\n'),
  );
  const ran = shards.flatMap((shard) => shard.ran).filter((name) => name !== 'group');
  assert.deepEqual(ran.sort(), ['four', 'one', 'three', 'two']);
  assert.ok(
    shards.every((shard) => shard.told),
    'TEST_SHARD_STATUS_FILE is touched',
  );
});
