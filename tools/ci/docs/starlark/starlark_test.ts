import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../../lib/errors.ts';
import { Workspace } from './modules.ts';
import { parseStarlark } from './parse.ts';
import { stringValue } from './strings.ts';
import type { Value } from './values.ts';

/** The value of `name` in a/b.bzl of a workspace of some files. */
function valueIn(files: Readonly<Record<string, string>>, name = 'x'): Value {
  const workspace = new Workspace((path) => files[path] ?? assert.fail(`nobody asks for ${path}`));
  const module = workspace.module('a/b.bzl');
  const binding = workspace.binding(module, name);
  assert.ok(binding);
  return workspace.value(binding, name);
}

const json = (value: Value): unknown =>
  JSON.parse(JSON.stringify(value, (_key, of: unknown) => (of instanceof Map ? Object.fromEntries(of) : of)));

for (const [source, value] of [
  ['x = "a" + \'b\' + """c\nd"""', 'abc\nd'],
  ['x = -1', -1],
  ['_A = True\nx = _A', true],
  ['x = "{}: {}".format("a", "b")', 'a: b'],
  ['x = ", ".join(sorted({"b": 1, "a": 2}.keys()))', 'a, b'],
  ['_S = struct(doc = "d")\nx = _S.doc', 'd'],
] as const) {
  test(`evaluates ${source.replaceAll('\n', '; ')}`, () => assert.equal(valueIn({ 'a/b.bzl': source }), value));
}

test('evaluates dicts of dicts, comprehensions and functions that return something, later entries first', () => {
  const value = valueIn({
    'a/b.bzl': [
      'def _of(names, suffix = "!"):',
      '    """Doc."""',
      '    return {name: text + suffix for name, text in names.items() if name != "c"}',
      'x = dict(dict({"a": "1"}, b = "2"), **_of({"b": "3", "c": "4"}))',
    ].join('\n'),
  });
  assert.deepEqual(json(value), { kind: 'dict', entries: { a: '1', b: '3!' } });
});

test('follows loads, other names and labels of the own repository', () => {
  const value = valueIn({
    'a/b.bzl': 'load(":c.bzl", _y = "x")\nx = _y',
    'a/c.bzl': 'load("@fathom//d/e:f.bzl", "z")\nx = z',
    'd/e/f.bzl': 'z = rule(implementation = _impl, attrs = {"a": attr.label(doc = "A", mandatory = True)})',
  });
  assert.ok(typeof value === 'object' && value?.kind === 'rule');
  assert.equal(value.attributes.get('a')?.isMandatory, true);
});

for (const [what, source, message] of [
  ['a form that it does not know', 'x = 1\ny = [1][0]\nx2 = y', /a\/b\.bzl:2: `\[1\]\[0\]`/],
  ['attributes of a call that cannot be followed', 'x2 = rule(attrs = dict(a, **b()))', /a\/b\.bzl:1: a is no name/],
  [
    'a positional argument of attr',
    'x2 = rule(attrs = {"a": attr.string("b")})',
    /a\/b\.bzl:1: what declares something/,
  ],
  ['a value made of itself', 'x2 = x3 + [1]\nx3 = x2 + [1]', /a\/b\.bzl:1: x2 is made of itself/],
  ['a name that is defined twice', 'x2 = 1\nx2 = 2', /a\/b\.bzl:2: x2 is defined twice/],
  ['a value of another repository', 'load("@other//:x.bzl", "x2")', /a\/b\.bzl:1: x2 is of another repository/],
  ['what is no Starlark', 'x2 = (\n', /a\/b\.bzl:\d: this is no Starlark/],
] as const) {
  test(`refuses ${what}, with its place`, () => {
    assert.throws(
      () => valueIn({ 'a/b.bzl': source }, 'x2'),
      (error) => error instanceof ToolError && message.test(error.message),
    );
  });
}

test('reads parameters, a docstring and the calls in a body', () => {
  const [statement] = parseStarlark({
    path: 'a.bzl',
    text: 'def f(a, *, b = 1, **kwargs):\n    """Doc."""\n    if a:\n        g(c = h(b), **kwargs)\n',
  });
  assert.ok(statement?.kind === 'def');
  assert.deepEqual(
    statement.parameters.map(({ name, spread, fallback }) => [name, spread, fallback !== undefined]),
    [
      ['a', '', false],
      ['b', '', true],
      ['kwargs', '**', false],
    ],
  );
  assert.equal(statement.docstring, 'Doc.');
  assert.equal(statement.calls.length, 2);
});

for (const [literal, value] of [
  [String.raw`"a\n\"\\\d"`, 'a\n"\\\\d'],
  [String.raw`r"a\n"`, String.raw`a\n`],
  [String.raw`'''a'b\x41'''`, "a'bA"],
  ['"a\\\nb"', 'ab'],
] as const) {
  test(`reads the literal ${JSON.stringify(literal)}`, () => assert.equal(stringValue(literal), value));
}
