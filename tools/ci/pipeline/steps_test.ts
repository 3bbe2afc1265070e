import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARK, cacheSettings, readsUserBazelrc } from './cache_settings.ts';
import { collectReports } from './reports.ts';
import { commandsOf, defaultLabels, junitOf } from './steps.ts';

const REPORTS = '/r';
const URL = 'https://cache.example.com/x';

test('builds and tests what is named, or what the environment names, or everything', () => {
  assert.deepEqual(commandsOf('build', { labels: ['//...'], reports: REPORTS })[0]?.args, ['build', '--', '//...']);
  assert.deepEqual(commandsOf('test', { labels: ['//a', '-//b'], reports: REPORTS })[0]?.args, [
    ...['test', '--keep_going', '--', '//a', '-//b'],
  ]);
  assert.deepEqual(defaultLabels(' //a  -//b '), ['//a', '-//b']);
  for (const none of [undefined, '', ' ']) assert.deepEqual(defaultLabels(none), ['//...']);
});

test('takes a difference for no failure, but builds what finds it beforehand', () => {
  assert.deepEqual(commandsOf('diff', { labels: ['//x:staging-deep'], reports: REPORTS }), [
    { args: ['build', '//x:staging-deep.diff'], passes: [0] },
    { args: ['run', '//x:staging-deep.diff'], passes: [0, 1] },
  ]);
});

test('deploys one stack after the other, each with a report of its own', () => {
  assert.deepEqual(commandsOf('deploy', { labels: ['//x:staging-deep', '@y//z:dev'], reports: REPORTS }), [
    { args: ['run', '//x:staging-deep.apply', '--', '--yes', '--junit=/r/x_staging-deep.xml'], passes: [0] },
    { args: ['run', '@y//z:dev.apply', '--', '--yes', '--junit=/r/z_dev.xml'], passes: [0] },
  ]);
  assert.equal(junitOf('//services/a_b/c:prod', REPORTS), '/r/services_a_b_c_prod.xml');
});

test('knows whether a .bazelrc reads what setup writes', () => {
  const line = 'try-import %workspace%/user.bazelrc';
  for (const text of [line, `build --x\n\n${line}\n`, 'import %workspace%/user.bazelrc'])
    assert.ok(readsUserBazelrc(text), text);
  for (const text of ['', `# ${line}`, 'try-import %workspace%/other.bazelrc', `${line}.old`])
    assert.ok(!readsUserBazelrc(text), text);
});

for (const labels of [[], ['x:staging'], ['//x'], ['//x:staging.apply'], ['--yes']]) {
  test(`refuses to deploy ${JSON.stringify(labels)}`, () => {
    assert.throws(() => commandsOf('deploy', { labels, reports: REPORTS }), { code: 'PIPELINE_USAGE' });
  });
}

for (const [what, env, mode, lines] of [
  ['no address', { FATHOM_CACHE_WRITER: 'w:p' }, 'no cache', []],
  ['an empty address, as of a variable that is not set', { FATHOM_CACHE_URL: ' ' }, 'no cache', []],
  [
    'a writer',
    { FATHOM_CACHE_URL: URL, FATHOM_CACHE_WRITER: 'w:p', FATHOM_CACHE_READER: 'r:q' },
    'reads and writes',
    ['build:remote-cache --remote_cache=https://w:p@cache.example.com/x', 'build --config=remote-cache'],
  ],
  [
    'a reader alone, as in a fork',
    { FATHOM_CACHE_URL: URL, FATHOM_CACHE_WRITER: '', FATHOM_CACHE_READER: 'r:q' },
    'reads',
    [
      'build:remote-cache --remote_cache=https://r:q@cache.example.com/x',
      'build --config=remote-cache',
      'build --noremote_upload_local_results',
    ],
  ],
  [
    'nobody, for a cache that everybody may read',
    { FATHOM_CACHE_URL: 'http://127.0.0.1:8080/' },
    'reads',
    [
      'build:remote-cache --remote_cache=http://127.0.0.1:8080',
      'build --config=remote-cache',
      'build --noremote_upload_local_results',
    ],
  ],
  [
    'a password of other characters',
    { FATHOM_CACHE_URL: URL, FATHOM_CACHE_WRITER: `w:@/:%'"#$` },
    'reads and writes',
    [
      'build:remote-cache --remote_cache=https://w:%40%2F%3A%25%27%22%23%24@cache.example.com/x',
      'build --config=remote-cache',
    ],
  ],
] as const) {
  test(`uses a cache by ${what}`, () => {
    assert.deepEqual(cacheSettings(env), { lines: [MARK, ...lines], mode });
  });
}

for (const [what, env, code] of [
  ['an address without a protocol', { FATHOM_CACHE_URL: 'cache.example.com' }, 'PIPELINE_CACHE_URL'],
  ['another protocol', { FATHOM_CACHE_URL: 'ftp://cache.example.com' }, 'PIPELINE_CACHE_URL'],
  ['a login in the address', { FATHOM_CACHE_URL: 'https://u:secret@cache.example.com' }, 'PIPELINE_CACHE_URL'],
  ['a login without a password', { FATHOM_CACHE_URL: URL, FATHOM_CACHE_WRITER: 'secret' }, 'PIPELINE_CACHE_LOGIN'],
  ['a login of two lines', { FATHOM_CACHE_URL: URL, FATHOM_CACHE_READER: 'a:secret\nbuild' }, 'PIPELINE_CACHE_LOGIN'],
] as const) {
  test(`refuses ${what}, and does not repeat it`, () => {
    assert.throws(
      () => cacheSettings(env),
      (error: Error & { readonly code: string }) => error.code === code && !error.message.includes('secret'),
    );
  });
}

test('collects the reports of tests, and has none where no test has run', async () => {
  const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'reports-'));
  assert.equal(await collectReports(join(folder, 'none'), join(folder, 'out')), 0);
  for (const [path, text] of [
    ['logs/a/b_test/test.xml', 'b'],
    ['logs/a/b_test/test.log', 'log'],
    ['logs/c/d_test/shard_1_of_2/test.xml', 'd'],
  ] as const) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  assert.equal(await collectReports(join(folder, 'logs'), join(folder, 'out')), 2);
  assert.equal(await readFile(join(folder, 'out/c/d_test/shard_1_of_2/test.xml'), 'utf8'), 'd');
});
