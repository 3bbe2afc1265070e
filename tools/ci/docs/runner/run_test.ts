// The runner finds what is wrong: commands that fail, print something else, or never end.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parsePage } from '../pages/page.ts';
import { buildFile } from './bazel_code.ts';
import { missingLine, ownLines } from './output.ts';
import { runPage } from './run_page.ts';
import { openShell } from './shell.ts';
import { staleExceptions, stepsOf } from './steps.ts';

const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'docs-run-'));
after(() => rm(folder, { recursive: true, force: true }));
const signal = AbortSignal.timeout(60_000);

for (const [what, shown, output, missing] of [
  ['the same lines', 'a\nb', 'a\nb\n', undefined],
  ['other blanks between words', 'a  b', 'a      b', undefined],
  ['what stands for any text', 'took … s, … objects', 'took 1.2 s, 3 objects', undefined],
  ['what stands for any lines', 'a\n…\nd', 'a\nb\nc\nd', undefined],
  ['what stands for no line', 'a\n…\nd', 'a\nd', undefined],
  ['lines at both ends', '…\nb\n…', 'a\nb\nc', undefined],
  ['the second of two that fit', '…\nb\nc', 'b\nx\nb\nc', undefined],
  ['lines of Bazel', 'a', 'Loading: \nINFO: Analyzed 3 targets\n  bazel-bin/x\nTarget //x:y up-to-date:\na', undefined],
  [
    'lines of a test that is run',
    'a',
    `exec \${PAGER:-less}\nExecuting tests from //x:y\n${'-'.repeat(77)}\na`,
    undefined,
  ],
  ['colours', 'a', '\u001b[31ma\u001b[0m', undefined],
  ['another line', 'a\nb', 'a\nc', 'b'],
  ['lines in another order', 'a\nb', 'b\na', 'a'],
  ['a line between', 'a\nb', 'a\nx\nb', 'b'],
  ['a line that is not there', 'a\nb', 'a', 'b'],
  ['more than is shown', 'a', 'a\nb', '(the end of the output)'],
  ['a pattern that is meant as it stands', 'a.c', 'abc', 'a.c'],
] as const) {
  test(`finds ${missing ?? 'nothing wrong'} with ${what}`, () =>
    assert.equal(missingLine(shown.split('\n'), ownLines(output)), missing));
}

test('keeps folder and variables from one command to the next', async () => {
  const shell = await openShell({ cwd: folder, env: { PATH: process.env['PATH'] }, signal });
  try {
    await shell.run("mkdir -p 'a b'; cd 'a b'; export NAME='x \"y'");
    assert.deepEqual(await shell.run('pwd; echo "$NAME"; (exit 3)'), {
      output: `${join(folder, 'a b')}\nx "y\n`,
      exit: 3,
      late: false,
    });
  } finally {
    await shell.close();
  }
});

test('ends a command that takes too long, with what it has started', async () => {
  const shell = await openShell({ cwd: folder, env: process.env, signal, timeoutMs: 300 });
  try {
    const ended = await shell.run('echo $$; sleep 600; echo on');
    assert.equal(ended.late, true);
    assert.match(ended.output, /^\d+\n$/);
    assert.throws(() => process.kill(Number(ended.output), 0), { code: 'ESRCH' });
  } finally {
    await shell.close();
  }
});

test('ends what serves at the end of the page', async () => {
  const shell = await openShell({ cwd: folder, env: process.env, signal });
  const { output, late } = await shell.start('sh -c \'echo "$$"; exec sleep 600\'');
  assert.equal(late, false);
  await shell.close();
  assert.throws(() => process.kill(Number(output), 0), { code: 'ESRCH' });
});

const page = (text: string) => parsePage('docs/x.md', text.replaceAll(/^(?=.)/gm, '    '));
const run = (text: string, timeoutMs = 30_000) => {
  const lines: string[] = [];
  const log = { info: (line: string) => void lines.push(line), warn: assert.fail, error: assert.fail };
  const workspace = {
    root: folder,
    env: process.env,
    hasCluster: false,
    ownState: join(folder, 'state'),
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return runPage(page(text), { workspace, log, signal, timeoutMs, verbose: false, keepGoing: false });
};

test('runs a page, files and all', async () => {
  assert.deepEqual(await run('# sub/a.bzl\nA = "b"\n\n'.trimEnd()), []);
  assert.equal(await readFile(join(folder, 'sub/a.bzl'), 'utf8'), '# sub/a.bzl\nA = "b"\n');
  assert.deepEqual(await run('$ cat sub/a.bzl\n# sub/a.bzl\nA = …\n$ false    # ends with 1'), []);
});

for (const [what, text, ...expected] of [
  ['fails', '$ sh -c "echo a; exit 4"', 'docs/x.md:1: sh -c', 'expected: exit code 0', 'exit code 4', '      a'],
  ['does not fail', '$ true    # ends with 1', 'expected: exit code 1'],
  ['prints something else', '$ true\n\n$ echo b\na', 'docs/x.md:3: echo b', 'is not there: a', '      b'],
  ['does not end', '$ sleep 600', 'expected: that it ends in time'],
] as const) {
  test(`tells of a command that ${what}`, async () => {
    const problems = await run(text, what === 'does not end' ? 300 : 30_000);
    assert.equal(problems.length, 1);
    for (const part of expected) assert.ok(problems[0]?.includes(part), `${part} is not in:\n${problems[0]}`);
  });
}

test('leaves alone what is excepted, and finds exceptions of what is gone', () => {
  const exceptions = [
    { page: 'docs/x.md', code: 'bazel run //a', reason: 'takes hours' },
    { page: 'docs/x.md', code: 'bazel run //b', reason: 'elsewhere' },
  ] as const;
  const one = page('bazel run //a -- x\nbazel run //c');
  assert.deepEqual(
    stepsOf(one, exceptions).map(({ kind }) => kind),
    ['not run', 'command'],
  );
  assert.deepEqual(staleExceptions(new Map([['docs/x.md', one]]), exceptions), [
    'docs/x.md has no code any more that begins with "bazel run //b"',
  ]);
});

test('loads what Starlark of a page calls, and leaves out what it leaves out', () => {
  const symbol = { kind: 'test rule', name: 'x_test', doc: '', parameters: [], environ: [] } as const;
  const rules = { files: [{ label: '@fathom//tools/x:defs.bzl', doc: '', symbols: [symbol] }], subtargets: [] };
  const file = (text: string) => buildFile({ path: 'docs/x.md', line: 1, text }, rules);
  assert.equal(
    file('x_test(\n    name = "a",\n    …\n)'),
    'load("@fathom//tools/x:defs.bzl", "x_test")\nx_test(\n    name = "a",\n\n)\n',
  );
  assert.equal(file('load("//y:z.bzl", "x_test")\nx_test()'), '\nload("//y:z.bzl", "x_test")\nx_test()\n');
  assert.equal(file('"a": {"b": 1},'), '\n_ = {\n"a": {"b": 1},\n}\n');
});
