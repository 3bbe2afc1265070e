import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../../lib/errors.ts';
import { Workspace } from '../starlark/modules.ts';
import { dedent, parseDocstring } from './docstring.ts';
import { withoutExample } from './examples.ts';
import { extractModel } from './extract.ts';
import type { PublicSymbol } from './model.ts';
import { rulesPage } from './page.ts';
import { splitType } from './types.ts';

const RULE = `
_COMMON = {"deps": attr.label_list(doc = "What it needs."), "_tool": attr.label(default = "//t")}
_x = rule(
    implementation = _impl,
    doc = "An x.",
    attrs = dict(_COMMON, mode = attr.string(doc = "How.", default = "a", values = ["a", "b"]), src = attr.label(doc = "Of what.", mandatory = True)),
    test = True,
)
`;

function model(text: string) {
  const files: Record<string, string> = {
    'tools/a/defs.bzl': `"""A."""\n${text}`,
    'tools/lib/attributes.bzl':
      'def checked_attributes(rule, name, given, known, refused = {}, ignored = []):\n    pass\n',
  };
  return extractModel(new Workspace((path) => files[path] ?? ''), ['tools/a/defs.bzl']);
}

function symbols(text: string): readonly PublicSymbol[] {
  return model(text).files.flatMap((file) => file.symbols);
}

const shown = (symbol: PublicSymbol | undefined) =>
  symbol === undefined || symbol.kind === 'constant' || symbol.kind === 'module extension'
    ? []
    : symbol.parameters.map(
        ({ name, type, fallback }) => `${name}: ${type}${fallback === undefined ? '' : ` = ${fallback}`}`,
      );

test('lists the tags of a module extension with their attributes, and no private ones', () => {
  const [symbol] =
    symbols(`_ATTRS = {"lock": attr.label(doc = "L.", mandatory = True), "_t": attr.label(default = "//t")}
x = module_extension(
    implementation = _x_impl,
    doc = "X.",
    tag_classes = {"pull": tag_class(doc = "P.", attrs = {k: v for k, v in _ATTRS.items() if not k.startswith("_")})},
)`);
  assert.ok(symbol?.kind === 'module extension');
  assert.deepEqual(symbol.tags, [
    { name: 'pull', doc: 'P.', parameters: [{ name: 'lock', type: 'label', fallback: undefined, doc: 'L.' }] },
  ]);
});

test('lists the public attributes of a rule, those first that must be given', () => {
  const [symbol] = symbols(`${RULE}x = _x`);
  assert.equal(symbol?.kind, 'test rule');
  assert.deepEqual(shown(symbol), ['src: label', 'deps: list of labels = []', 'mode: string: "a" or "b" = "a"']);
});

const MACRO = `
def x(name, deps = [], port = None, base = None, **kwargs):
    """Makes an x.

    Args:
      name: the target.
      deps: what it needs,
        and more.
      port: int: where it answers.
      base: below it.
      **kwargs: the others.
    """
    hidden = {key: kwargs[key] for key in _SHARED if key in kwargs}
    _x(name = name, deps = ["//y"] + deps, src = base or "//b", **kwargs)
    _other(name = name + ".y", **hidden)
_SHARED = ["visibility"]
_other = rule(doc = "O.", attrs = {"inner": attr.string(doc = "I.")})
`;

test('tells the types of parameters by what they are handed on as, and lists what a hidden rule takes', () => {
  const [symbol] = symbols(RULE + MACRO);
  assert.deepEqual(shown(symbol), [
    'name: string',
    'deps: list of labels = []',
    'port: int = None',
    'base: label = None',
    'mode: string: "a" or "b" = "a"',
  ]);
  assert.ok(symbol?.kind === 'macro');
  assert.equal(symbol.parameters[1]?.doc, 'what it needs, and more.');
});

test('leads to a rule with a public name that takes what a macro hands on', () => {
  const symbol = symbols(`${RULE}${MACRO}y = _x`).find(({ kind }) => kind === 'macro');
  assert.ok(symbol?.kind === 'macro');
  assert.deepEqual(symbol.handsOnTo, ['y']);
  assert.deepEqual(shown(symbol).at(-1), 'base: label = None');
});

const TABLE = `
load("//tools/lib:attributes.bzl", "checked_attributes")
_KNOWN = {"deps": "list", "inner": "string", "mode": ("string", "In which way."), "old": "bool", "shape": ("any", "What it looks like.")}
def _program(name, attributes, refused):
    given = checked_attributes("x", name, attributes, _KNOWN, dict({"bad": ("there is none", "Write \\"good\\"")}, **refused), ignored = ["old"])
    given.pop("mode")
    return given
`;
const TABLE_MACRO = `
def x(name, src, **kwargs):
    """Makes an x.

    Args:
      name: the target.
      src: label: of what.
      **kwargs: visibility and the like.
    """
    y(name = name, src = src, **_program(name, dict(kwargs, src = src), {"worse": ("there is none", "Write \\"good\\"")}))
y = _x
_other = rule(doc = "O.", attrs = {"inner": attr.string(doc = "I.")})
`;

test('lists the attributes of the table that a macro checks its **kwargs by, as the rules behind it tell of them', () => {
  const text = `${RULE}${TABLE}${TABLE_MACRO.replace('    y(', '    _other(name = name, **kwargs)\n    y(')}`;
  const symbol = symbols(text).find(({ kind }) => kind === 'macro');
  assert.deepEqual(shown(symbol), [
    'name: string',
    'src: label',
    'mode: string: "a" or "b" = None',
    'shape: any value = None',
    'deps: list of labels = []',
    'inner: string = ""',
  ]);
  assert.ok(symbol?.kind === 'macro');
  assert.equal(symbol.parameters[2]?.doc, 'In which way.');
  assert.deepEqual(symbol.handsOnTo, []);
  assert.deepEqual(symbol.ignored, ['old']);
  assert.deepEqual([...symbol.refused.keys()], ['bad', 'worse']);
  const page = rulesPage(model(text));
  assert.match(page, /Accepted, and of no effect: `old`\./);
  assert.match(page, /- `bad`, `worse`: there is none\. Write "good"\./);
});

test('fails where an attribute of a table is told of by nothing', () => {
  assert.throws(
    () => symbols(`${RULE}${TABLE}${TABLE_MACRO}`),
    /attribute x\.inner has no doc, in its table or a rule/,
  );
});

for (const [what, text, problem] of [
  [
    'an attribute',
    'x = rule(doc = "X.", attrs = {"a": attr.string()})',
    'tools/a/defs.bzl:2: attribute x.a has no doc',
  ],
  ['a rule', 'x = rule(attrs = {})', 'tools/a/defs.bzl:2: x has no doc'],
  ['a parameter', 'def x(name):\n    """X."""\n', 'tools/a/defs.bzl:2: parameter x.name has no line in Args'],
  ['a macro', 'def x():\n    y()\n', 'tools/a/defs.bzl:2: x has no docstring'],
  ['a constant', 'X = 1', 'tools/a/defs.bzl:2: X has no comment above it'],
  [
    'a type',
    'def x(a):\n    """X.\n\n    Args:\n      a: b.\n    """\n',
    'tools/a/defs.bzl:2: parameter x.a needs its type in Args',
  ],
  [
    'a field',
    'XInfo = provider(doc = "X.", fields = {"a": "string"})',
    'tools/a/defs.bzl:2: field XInfo.a has a type and no meaning',
  ],
  ['**kwargs', 'def x(**kwargs):\n    """X."""\n', 'tools/a/defs.bzl:2: x: **kwargs has no line in Args'],
  [
    'a key of **kwargs',
    'def x(**kwargs):\n    """X.\n\n    Args:\n      **kwargs: more.\n    """\n    kwargs.pop("b")\n',
    'tools/a/defs.bzl:8: x takes b out of its **kwargs',
  ],
] as const) {
  test(`fails where ${what} is not documented, with its place`, () => {
    assert.throws(
      () => symbols(text),
      (error) => error instanceof ToolError && error.code === 'DOCS_UNDOCUMENTED' && error.message.includes(problem),
    );
  });
}

test('fails where a docstring tells of a parameter that there is not', () => {
  assert.throws(
    () => symbols('def x():\n    """X.\n\n    Args:\n      a: int: b.\n    """\n'),
    /tells of a, which is no parameter/,
  );
});

test('writes a page with contents, links and nothing that would be HTML', () => {
  const page = rulesPage(model(`${RULE}${MACRO}y = _x\n\n# What <b> means.\nB = ["c"]`));
  assert.match(page, /- \[tools\/a\]\(#toolsa\): \[x\]\(#x\), \[y\]\(#y\), \[B\]\(#b\)/);
  assert.match(page, /\*\*`port`\*\* \(int, default `None`\): where it answers\./);
  assert.match(page, /the others\. See \[y\]\(#y\)\./);
  assert.match(page, /What \\<b> means\.\n\n {4}B = \["c"\]/);
});

test('finds rules and macros without an example', () => {
  const call = (name: string) => `x = rule(doc = """X.\n\n    ${name}(name = "a")\n""", attrs = {})`;
  const provider = 'XInfo = provider(doc = "X.", fields = {})';
  const stub = 'y = rule(doc = "Left out: use x.", attrs = {})';
  assert.deepEqual(withoutExample(model(`${call('x')}\n${provider}\n${stub}\n`)), []);
  for (const text of [call('xy'), call('  x'), 'x = rule(doc = "X: x(name).", attrs = {})'])
    assert.deepEqual(withoutExample(model(text)), ['@fathom//tools/a:defs.bzl: x']);
});

test('takes a docstring apart', () => {
  const { text, args, returns } = parseDocstring(
    'One.\n\n        Two.\n          code\n\n        Args:\n          a: b: c\n\n        Returns:\n          d\n          e.\n        ',
  );
  assert.equal(text, 'One.\n\nTwo.\n  code');
  assert.deepEqual([...args], [['a', 'b: c']]);
  assert.equal(returns, 'd e.');
});

test('keeps the indentation of an example by where the closing quotes are', () => {
  assert.equal(dedent('One.\n\n    x()\n'), 'One.\n\n    x()');
  assert.equal(dedent('One.\n\n        x()\n    '), 'One.\n\n    x()');
  assert.equal(dedent('One,\n    two'), 'One,\ntwo');
});

for (const [doc, type, rest] of [
  ['string: what', 'string', 'what'],
  ['list of labels: what', 'list of labels', 'what'],
  ['dict of strings to lists of labels: what: that', 'dict of strings to lists of labels', 'what: that'],
  ['depset of struct(a = string, b): what', 'depset of struct(a = string, b)', 'what'],
  ['NpmPackageInfo or None: what', 'NpmPackageInfo or None', 'what'],
  ['string', 'string', ''],
  ['the image: what', undefined, 'the image: what'],
  ['strings that mean: what', undefined, 'strings that mean: what'],
] as const) {
  test(`takes the type off "${doc}"`, () => assert.deepEqual(splitType(doc), { type, doc: rest }));
}
