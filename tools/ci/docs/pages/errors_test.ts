// Every code of an error is told of, no page tells of one that nothing throws, and every error says what to do.
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { realpathSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { UPDATE } from '../rules/page.ts';
import { errorChanges, listedCodes, renderRow, withoutCodes, withRows } from './error_rows.ts';
import { textsIn, thrownErrors } from './error_sources.ts';
import { errorsOf, isOfCheckout, labelsOfCheckout, pagesOfErrors, quotedCodes, thrownCodes } from './errors.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const found = await errorsOf(root);
const { added, gone } = errorChanges(pagesOfErrors(root), found);

test('every code that is thrown is in a table of docs/', () => {
  assert.ok(found.thrown.length > 250, String(found.thrown.length));
  const rows = added.map((row) => renderRow(row)).join('');
  assert.equal(rows, '', `${UPDATE} writes these rows into docs/errors.md: say them in plain words then\n${rows}`);
});

test('every code in a table of docs/ is thrown', () => {
  const codes = gone.map(({ path, code }) => `${path}: ${code}`);
  assert.deepEqual(codes, [], `nothing throws these: ${UPDATE} takes them away`);
});

test('every error has a hint, whatever happens', () => {
  assert.ok(found.errors.length > 400, String(found.errors.length));
  assert.deepEqual(
    found.errors
      .filter(({ isHinted }) => !isHinted)
      .map(({ path, line, codes }) => `${path}:${line} ${codes.join(' ')}`),
    [],
    'give ToolError a hint: an imperative sentence, the command or edit that mends it',
  );
});

test('labels in what programs say are those of workspaces that load this one, too', async () => {
  assert.deepEqual(
    await labelsOfCheckout(root),
    [],
    "write `@fathom//tools/…`, and 'in a checkout of Fathom' before `//prod`: other workspaces have neither folder",
  );
});

for (const [text, expected] of [
  ['Run `bazel run //tools/x:y`.', true],
  ['Build without --//tools/x:y.', true],
  ['Run `bazel run @fathom//tools/x:y`.', false],
  ['load("@bazel_tools//tools/x:y.bzl")', false],
  ['Run `bazel run //prod:x.apply`.', true],
  ['Run it (in a checkout of Fathom `bazel run //prod:x.apply`).', false],
] as const) {
  test(`${expected ? 'sees' : 'finds no'} label of a checkout in ${text}`, () =>
    assert.equal(isOfCheckout(text), expected));
}

test('reads texts of code, not its comments', async () => {
  const text = "// no: 'a'\nf('b', `c${d}e`);";
  assert.deepEqual(await textsIn('x.ts', text), ['b', 'c', 'e']);
  assert.deepEqual(await textsIn('x.py', '# no\n"b"'), ['"b"']);
});

test('finds codes wherever they are thrown and listed', () => {
  assert.deepEqual(thrownCodes("new ToolError(\n  'A_B', x); { code: 'C_D8' }; f('E_F')"), ['A_B', 'C_D8']);
  assert.deepEqual([...quotedCodes(`x ? 'A_B' : "C_D8"`)], ['A_B', 'C_D8']);
  const text = '| code | what |\n| --- | --- |\n| `A_B`, `C_D` | `E_F` |\n\n| name |\n| --- |\n| `G_H` |\n';
  assert.deepEqual(listedCodes({ text }), ['A_B', 'C_D']);
});

for (const [options, isHinted] of [
  ["{ hint: 'Do it.' }", true],
  ['{ cause, hint }', true],
  ["{ ...(a ? { hint: 'Do it.' } : { hint: 'Do that.' }) }", true],
  ["a ? { hint: 'Do it.' } : { hint: 'Do that.' }", true],
  ['{ cause }', false],
  ["{ ...(a ? { hint: 'Do it.' } : {}) }", false],
  ["{ hint: a ? 'Do it.' : undefined }", false],
  ['options', false],
  ['', false],
] as const) {
  test(`${isHinted ? 'sees' : 'misses'} a hint in ToolError('A_B', 'c', ${options})`, async () => {
    const errors = await thrownErrors('x.ts', `throw new ToolError('A_B', 'c', ${options});`);
    assert.deepEqual(
      errors.map((error) => error.isHinted),
      [isHinted],
    );
  });
}

test('reads codes, messages and hints, of classes that extend ToolError too', async () => {
  const text = [
    'class Plain extends ToolError {}',
    "class Own extends ToolError { constructor(a: string) { super('A_B', `Reading ${a}: ` + 'no such file', { hint: 'Do it.' }); } }",
    "throw new Plain(a ? 'C_D' : 'E_F', 'Doing it', {});",
    "throw new Error('none of these');",
  ].join('\n');
  assert.deepEqual(await thrownErrors('x.ts', text), [
    { path: 'x.ts', line: 3, codes: ['C_D', 'E_F'], message: 'Doing it', hint: '', isHinted: false },
    { path: 'x.ts', line: 2, codes: ['A_B'], message: 'Reading …: no such file', hint: 'Do it.', isHinted: true },
  ]);
});

const PAGE = `# Errors

| code | what is wrong |
| --- | --- |
| \`K8S_PIN_A\`, \`K8S_PIN_B\` | b |
| \`K8S_A\` | a |

| code | what is wrong | what to do |
| --- | --- | --- |
| \`OCI_A\` | a | b |
`;

test('takes codes out of rows, and rows that have none left', () => {
  const text = withoutCodes(PAGE, new Set(['K8S_A', 'K8S_PIN_A']));
  assert.deepEqual(listedCodes({ text }), ['K8S_PIN_B', 'OCI_A']);
  assert.match(text, /\| --- \|\n\| `K8S_PIN_B` \| b \|\n\n/);
  assert.equal(withoutCodes(PAGE, new Set(['X'])), PAGE);
});

test('adds a code below those that begin like it, or to a table of its own', () => {
  const row = (code: string) => ({ code, message: 'Reading …: a | b', hint: 'Do it.' });
  const text = withRows(PAGE, ['K8S_PIN_C', 'OCI_B', 'NEW_A', 'NEW_B'].map(row));
  assert.deepEqual(listedCodes({ text }), [
    'K8S_PIN_A',
    'K8S_PIN_B',
    'K8S_PIN_C',
    'K8S_A',
    'OCI_A',
    'OCI_B',
    'NEW_A',
    'NEW_B',
  ]);
  assert.ok(text.includes('| b |\n| `K8S_PIN_C` | Reading …: a \\| b |\n| `K8S_A` |'), text);
  assert.ok(text.includes('| a | b |\n| `OCI_B` | Reading …: a \\| b | Do it |\n\n## Others\n'), text);
});

test('tells what pages lack and what is gone', () => {
  const errors = [{ path: 'x.ts', line: 1, codes: ['A_B'], message: 'm', hint: 'h', isHinted: true }];
  const pages = [{ path: 'docs/x.md', text: PAGE }];
  const quoted = new Set(['K8S_A', 'K8S_PIN_A', 'OCI_A']);
  assert.deepEqual(errorChanges(pages, { thrown: ['A_B', 'C_D', 'K8S_A'], quoted, errors }), {
    added: [
      { code: 'A_B', message: 'm', hint: 'h' },
      { code: 'C_D', message: '', hint: '' },
    ],
    gone: [{ path: 'docs/x.md', code: 'K8S_PIN_B' }],
  });
});
