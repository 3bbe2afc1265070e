import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { evaluateOnce } from './evaluate_once.ts';
import { type Evaluator, createEvaluator } from './evaluator.ts';
import type { Outcome, RenderRequest, Variable } from './request.ts';

const PROGRAM = runfile('go_jsonnet/bin/jsonnet-evaluator');

const folder = await mkdtemp(join(tmpdir(), 'evaluator-'));
const evaluators: Evaluator[] = [];
after(async () => {
  await Promise.all(evaluators.map((evaluator) => evaluator.end()));
  await rm(folder, { recursive: true, force: true });
});

function evaluatorOf(program = PROGRAM): Evaluator {
  const evaluator = createEvaluator(program);
  evaluators.push(evaluator);
  return evaluator;
}

/** Writes files into a folder of their own; `main.jsonnet` is the program. Resolves to the folder. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(folder, 'test-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

function requestFor(root: string, variables: readonly Variable[] = []): RenderRequest {
  return {
    label: '//a:b',
    compiler: runfile('go_jsonnet/bin/jsonnet'),
    evaluator: PROGRAM,
    source: join(root, 'main.jsonnet'),
    importPaths: [join(root, 'first'), join(root, 'last')],
    values: variables.filter(({ flag }) => !flag.endsWith('-file')).map((one) => ({ ...one, stamp: false })),
    envs: [],
    files: variables
      .filter(({ flag }) => flag.endsWith('-file'))
      .map(({ flag, name, value }) => ({ flag, name, path: join(root, value) })),
    statusFiles: [],
    yamlStream: false,
    extraArgs: [],
    output: { kind: 'outcome', multiple: false },
    capture: '',
  };
}

const VARIABLES = [
  { flag: 'ext-str', name: 'a', value: "it's = text" },
  { flag: 'ext-code', name: 'b', value: '{ c: 1 + 1 }' },
  { flag: 'ext-str-file', name: 'd', value: "it's.txt" },
  { flag: 'ext-code-file', name: 'e', value: 'value.json' },
  { flag: 'tla-str', name: 'f', value: 'a text' },
  { flag: 'tla-code', name: 'g', value: '[1, 2]' },
  { flag: 'tla-str-file', name: 'h', value: "it's.txt" },
  { flag: 'tla-code-file', name: 'i', value: 'value.json' },
];
const FILES = { "it's.txt": 'more text', 'value.json': '{"x": [true, null]}' };

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly variables?: readonly Variable[];
  readonly multiple?: boolean;
  /** What is in the outcome. */
  readonly has: RegExp;
}

const CASES: readonly Case[] = [
  { name: 'a value', files: { 'main.jsonnet': '{ b: 1, a: "\u2028\\r\\n<&>" }' }, has: /"a": "\u2028/ },
  {
    name: 'variables and arguments of each kind',
    files: {
      ...FILES,
      'main.jsonnet':
        'function(f, g, h, i) [std.extVar("a"), std.extVar("b"), std.extVar("d"), std.extVar("e"), f, g, h, i]',
    },
    variables: VARIABLES,
    has: /it's = text.*more text.*a text/s,
  },
  {
    name: 'imports from its own folder, from the last path that has them, and from another one',
    files: {
      'main.jsonnet': '[import "near.libsonnet", import "both.libsonnet", importstr "only.txt", importbin "only.txt"]',
      'near.libsonnet': '"near"',
      'first/near.libsonnet': '"far"',
      'first/both.libsonnet': '"first"',
      'last/both.libsonnet': '(import "beside.json") + "last"',
      'last/beside.json': '"beside, "',
      'first/only.txt': 'only\n',
    },
    has: /"near".*beside, last.*only/s,
  },
  {
    name: 'several outputs',
    files: { 'main.jsonnet': '{ "b.json": {}, "a/./c.json": [1], "/d.json": "text", "e/": 1 }' },
    multiple: true,
    has: /^a\/c\.json\n\[.*^d\.json$/ms,
  },
  { name: 'no outputs', files: { 'main.jsonnet': '{}' }, multiple: true, has: /^$/ },
  {
    name: 'an import of a folder',
    files: { 'main.jsonnet': 'import "l"', 'l/l.libsonnet': '1', 'last/l': '1' },
    has: /l: is a directory/,
  },
  {
    name: 'an error, with its places',
    files: {
      'main.jsonnet': 'local l = import "l.libsonnet"; { a: l.check(0) }',
      'l.libsonnet': '{ check(n): assert n > 0 : "too few"; n }',
    },
    has: /RUNTIME ERROR: too few.*l\.libsonnet:1:\d+-\d+.*main\.jsonnet:1:\d+/s,
  },
  {
    name: 'a syntax error',
    files: { 'main.jsonnet': 'import "l.libsonnet"', 'l.libsonnet': '{ a: }' },
    has: /l\.libsonnet:1:6-7 Unexpected/,
  },
  {
    name: 'an import that is not there',
    files: { 'main.jsonnet': 'import "none.libsonnet"' },
    has: /couldn't open import "none/,
  },
  {
    name: 'endless recursion',
    files: { 'main.jsonnet': 'local f(n) = 1 + f(n + 1); f(0)' },
    has: /max stack frames exceeded/,
  },
  {
    name: 'a variable that is not given',
    files: { 'main.jsonnet': 'std.extVar("none")' },
    has: /Undefined external variable: none/,
  },
  { name: 'a value that is no object of outputs', files: { 'main.jsonnet': '[]' }, multiple: true, has: /multi mode/ },
  {
    name: 'what a library traces',
    files: { 'main.jsonnet': '(import "l.libsonnet").a', 'l.libsonnet': 'local b = std.trace("seen", 1); { a: b }' },
    has: /TRACE: .*l\.libsonnet:1 seen/,
  },
  {
    name: 'what a program traces',
    files: { 'main.jsonnet': 'std.trace("seen", 1)' },
    has: /TRACE: .*main\.jsonnet:1 seen/,
  },
];

describe('a program that is asked again and again', () => {
  const evaluator = evaluatorOf();
  for (const { name, files, variables, multiple = false, has } of CASES) {
    test(`makes the same as one that ends: ${name}`, async () => {
      const root = await write(files);
      const request = requestFor(root, variables);
      const expected = await evaluateOnce(request, multiple);
      assert.match([expected.message, ...Object.entries(expected.files).flat()].join('\n'), has);
      const inputs = Object.keys(files).map((file) => join(root, file));
      // What it has kept of the first time changes nothing.
      for (let time = 0; time < 2; time++) {
        const outcome = await evaluator.evaluate(request, { multiple, inputs });
        // With the order of the outputs, which golden files have.
        assert.equal(JSON.stringify(outcome), JSON.stringify(expected));
      }
    });
  }
});

async function evaluated(evaluator: Evaluator, root: string, files: readonly string[]): Promise<Outcome> {
  const inputs = files.map((file) => join(root, file));
  return evaluator.evaluate(requestFor(root), { multiple: false, inputs });
}

const ok = (text: string): Outcome => ({ exitCode: 0, message: '', files: { '': text } });

test('what is no input cannot be imported, whoever had it before', async () => {
  const evaluator = evaluatorOf();
  const root = await write({
    'main.jsonnet': 'import "l.libsonnet"',
    'l.libsonnet': '(import "m.libsonnet") + 1',
    'm.libsonnet': '1',
  });
  const all = ['main.jsonnet', 'l.libsonnet', 'm.libsonnet'];
  assert.deepEqual(await evaluated(evaluator, root, all), ok('2\n'));
  const { message } = await evaluated(evaluator, root, all.slice(0, 2));
  assert.match(message, /^RUNTIME ERROR: couldn't open import "m\.libsonnet"/);
  assert.deepEqual(await evaluated(evaluator, root, all), ok('2\n'));
});

test('an import of a library leads elsewhere where another file is an input', async () => {
  const evaluator = evaluatorOf();
  const root = await write({
    'main.jsonnet': '(import "l.libsonnet").a',
    'l.libsonnet': '{ a: import "m.libsonnet" }',
    'first/m.libsonnet': '"first"',
    'last/m.libsonnet': '"last"',
  });
  const files = ['main.jsonnet', 'l.libsonnet'];
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(await evaluated(evaluator, root, [...files, 'first', 'last']), ok('"last"\n'));
    assert.deepEqual(await evaluated(evaluator, root, [...files, 'first/m.libsonnet']), ok('"first"\n'));
  }
});

test('a library has the external variables of each program', async () => {
  const evaluator = evaluatorOf();
  const root = await write({ 'main.jsonnet': 'import "l.libsonnet"', 'l.libsonnet': 'std.extVar("a")' });
  const inputs = [root];
  const evaluate = (variables: readonly Variable[]) =>
    evaluator.evaluate(requestFor(root, variables), { multiple: false, inputs });
  for (const value of ['1', '2']) {
    assert.deepEqual(await evaluate([{ flag: 'ext-code', name: 'a', value }]), ok(`${value}\n`));
  }
  assert.match((await evaluate([])).message, /Undefined external variable: a/);
});

test('an import leads elsewhere where another file is an input', async () => {
  const evaluator = evaluatorOf();
  const root = await write({
    'main.jsonnet': 'import "l.libsonnet"',
    'first/l.libsonnet': '"first"',
    'last/l.libsonnet': '"last"',
  });
  assert.deepEqual(await evaluated(evaluator, root, ['main.jsonnet', 'first', 'last']), ok('"last"\n'));
  assert.deepEqual(await evaluated(evaluator, root, ['main.jsonnet', 'first/l.libsonnet']), ok('"first"\n'));
});

test('a file that has changed is read anew, with all that it is in', async () => {
  const evaluator = evaluatorOf();
  const files = { 'main.jsonnet': 'import "l.libsonnet"', 'l.libsonnet': 'importstr "m.txt"', 'm.txt': 'old' };
  const root = await write(files);
  assert.deepEqual(await evaluated(evaluator, root, Object.keys(files)), ok('"old"\n'));
  await writeFile(join(root, 'm.txt'), 'new');
  assert.deepEqual(await evaluated(evaluator, root, Object.keys(files)), ok('"new"\n'));
  await writeFile(join(root, 'l.libsonnet'), '1');
  assert.deepEqual(await evaluated(evaluator, root, Object.keys(files)), ok('1\n'));
});

for (const { field, others = '', what } of [
  { field: '../out.json', what: /must be a path below the folder/ },
  { field: 'a/../../out.json', what: /must be a path below the folder/ },
  { field: '.', what: /must be a path below the folder/ },
  { field: '', what: /must be a path below the folder/ },
  { field: 'a/b/', others: ', "a/b/c.json": 1', what: /must not be the folder of another output/ },
]) {
  // The program that ends fails with what the system says of such a path, which is not the same for all.
  test(`an output must be a file below its folder: ${JSON.stringify(field)}${others} fails`, async () => {
    const root = await write({ 'main.jsonnet': `{ ${JSON.stringify(field)}: 1${others} }` });
    const inputs = [join(root, 'main.jsonnet')];
    const { exitCode, message, files } = await evaluatorOf().evaluate(requestFor(root), { multiple: true, inputs });
    assert.deepEqual({ exitCode, files }, { exitCode: 1, files: {} });
    assert.match(message, what);
    assert.equal((await evaluateOnce(requestFor(root), true)).exitCode, 1);
  });
}

test('a process that ends fails what it was asked for, and another one is started', async () => {
  const root = await write({ 'main.jsonnet': '1' });
  const program = join(root, 'program');
  await writeFile(program, `#!/bin/sh\n[ -e '${root}/mended' ] && exec '${PROGRAM}'\necho 'out of luck' >&2\nexit 3\n`);
  await chmod(program, 0o755);
  const evaluator = evaluatorOf(program);
  await assert.rejects(evaluated(evaluator, root, ['main.jsonnet']), {
    code: 'JSONNET_ENDED',
    message: 'Rendering //a:b: jsonnet-evaluator ended by exit code 3: out of luck',
  });
  await writeFile(join(root, 'mended'), '');
  assert.deepEqual(await evaluated(evaluator, root, ['main.jsonnet']), ok('1\n'));
});

test('a process that ends while nobody asks fails nothing', async () => {
  const root = await write({ 'main.jsonnet': '1' });
  const evaluator = evaluatorOf();
  assert.deepEqual(await evaluated(evaluator, root, ['main.jsonnet']), ok('1\n'));
  await evaluator.end();
  assert.deepEqual(await evaluated(evaluator, root, ['main.jsonnet']), ok('1\n'));
});

test('a program that is not there is told of', async () => {
  const root = await write({ 'main.jsonnet': '1' });
  await assert.rejects(evaluated(evaluatorOf(join(root, 'none')), root, ['main.jsonnet']), {
    code: 'JSONNET_ENDED',
    message: /jsonnet-evaluator did not start: .*none ENOENT/,
  });
});

test('the process ends with who has asked, also within a program that takes minutes', { timeout: 60_000 }, async () => {
  const evaluator = evaluatorOf();
  const sum = (most: number, of: string) => `std.foldl(function(a, b) a + ${of}, std.range(1, ${most}), 0)`;
  const root = await write({ 'main.jsonnet': sum(100_000, sum(10_000, 'b')) });
  const long = assert.rejects(evaluated(evaluator, root, ['main.jsonnet']), /jsonnet-evaluator ended by exit code 0/);
  await new Promise((resolve) => setImmediate(resolve));
  await evaluator.end();
  await long;
});
