// Each check finds what it is for: pages that are wrong.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ToolError } from '../../../lib/errors.ts';
import { extractModel } from '../rules/extract.ts';
import { Workspace } from '../starlark/modules.ts';
import { commandProblems, commandsOf, labelsOf } from './commands.ts';
import { jsonProblems, typescriptProblems, yamlProblems } from './data_blocks.ts';
import { exampleProblem } from './example_labels.ts';
import { kindsOf } from './kinds.ts';
import { meaningOf } from './labels.ts';
import { linkProblems } from './links.ts';
import { type Block, parsePage } from './page.ts';
import { starlarkProblems } from './starlark_blocks.ts';

const block = (text: string): Block => ({ path: 'docs/x.md', line: 1, text });

test('reads blocks, code within a line, links and headings, with their lines', () => {
  const page = parsePage(
    'docs/x.md',
    '# A `b` c\n\nText `code`, [link](y.md#z).\n\n- item\n\n      in a list\n\n```sh\nfenced\n```\n\n## A b c\n\n[r]: z.md\n\nsee [it][r]\n',
  );
  assert.deepEqual(
    page.blocks.map(({ line, text }) => [line, text]),
    [
      [7, 'in a list'],
      [10, 'fenced'],
    ],
  );
  assert.deepEqual(
    page.spans.map(({ text }) => text),
    ['b', 'code'],
  );
  assert.deepEqual(
    page.links.map(({ line, text }) => [line, text]),
    [
      [3, 'y.md#z'],
      [17, 'z.md'],
    ],
  );
  assert.deepEqual([...page.anchors], ['a-b-c', 'a-b-c-1']);
});

for (const [kind, text] of [
  ['commands', 'bazel run //x \\\n  -- --y   # why\n./fathom up'],
  ['bazelrc', 'build --a\nrun --b   # c'],
  ['json', '{\n  "a": 1\n}'],
  ['message', 'error: X_Y: what\n  hint: that'],
  ['yaml', 'apiVersion: v1\nkind: Pod'],
  ['typescript', "import { a } from './b.ts';\n\na();"],
  ['drawing', 'a\n└─ b'],
  ['drawing', 'staging/\n  redis/x.yaml'],
  ['starlark', 'x(\n    name = "a",\n    …\n)'],
  ['starlark', '[x(name = n) for n in ["a"]]'],
  ['starlark', '"personal": {\n    "ttl": "1h",\n},'],
  ['jsonnet', "local k = import 'k';\nk.x()"],
  ['jsonnet', "// a/b.jsonnet\n// Why.\nlocal k = import 'k';\nk.x()"],
  ['session', '$ ls x\nx\n\n$ rm x'],
  ['jsonnet', "secret.object('a', b)"],
] as const) {
  test(`takes ${JSON.stringify(text)} for ${kind}`, () =>
    assert.deepEqual(
      kindsOf(block(text)).map((one) => one.kind),
      [kind],
    ));
}

test('takes paragraphs of a block apart that are of several kinds, and refuses what is of none', () => {
  const found = kindsOf(block('bazel run //x\n\napiVersion: v1'));
  assert.deepEqual(
    found.map((one) => [one.kind, one.block.line]),
    [
      ['commands', 1],
      ['yaml', 3],
    ],
  );
  assert.throws(
    () => kindsOf(block('bazel run //x\n\nrm -rf /')),
    (error) =>
      error instanceof ToolError && error.code === 'DOCS_UNKNOWN_BLOCK' && error.message.includes('docs/x.md:3'),
  );
});

const KNOWN = {
  fathom: new Set(['up', 'kubectl']),
  configs: new Set(['cluster']),
  optionSources: (program: string) => ({ './fathom': "'--full'", '//a:b': "  to: {\n 'dry-run': {" })[program],
};

for (const [text, problem] of [
  ['./fathom up --full', undefined],
  ['./fathom kubectl get pods --all', undefined],
  ['./fathom upp', './fathom has no command upp'],
  ['./fathom up --fulll', './fathom up has no option --fulll'],
  ['bazel run --config=cluster //a:b -- --to=x --dry-run', undefined],
  ['bazel run --config=clusters //a:b', 'nobody knows --config=clusters of bazel run'],
  ['bazel run --confg //a:b', 'nobody knows --confg of bazel run'],
  ['bazel run //a:b -- --too=x', '//a:b has no option --too'],
  ['bazel run //a:c -- --to=x', 'nobody says where the options of //a:c are'],
  ["bazel run //a:b -- --to='x --y' | ./fathom kubctl   # --z", './fathom has no command kubctl'],
] as const) {
  test(`finds ${problem ?? 'nothing wrong'} in ${text}`, () => {
    const problems = commandsOf(block(text)).flatMap((command) => commandProblems(command, KNOWN));
    assert.deepEqual(problems, problem === undefined ? [] : [`docs/x.md:1: ${problem}`]);
  });
}

test('finds variables and labels of commands, with their lines', () => {
  const [first, second] = commandsOf(block('A=1 bazel run //a \\\n  -- //c\nbazel build //d //e:f'));
  assert.deepEqual([first?.variables, first && labelsOf(first)], [['A'], ['//a']]);
  assert.deepEqual([second?.block.line, second && labelsOf(second)], [3, ['//d', '//e:f']]);
});

for (const [label, kind] of [
  ['//prod:apply', 'target'],
  ['@fathom//prod', 'target'],
  ['//prd:apply', 'wrong'],
  ['//prod/...', 'unchecked'],
  ['//prd/...', 'wrong'],
  ['//services/x:myns-deep.apply', 'unchecked'],
  ['//services/x:myns-deep.aply', 'wrong'],
  ['@other//:x', 'unchecked'],
  ['//jsonnet/tests:agent_test', 'unchecked'],
] as const) {
  test(`takes ${label} for ${kind}`, () => {
    const has = (folder: string) => folder === 'prod';
    assert.equal(meaningOf(label, { isFolder: has, isPackage: has, verbs: new Set(['apply']) }).kind, kind);
  });
}

test('looks up labels of an example in its own workspace', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'example-'));
  t.after(() => rm(root, { recursive: true }));
  const files = {
    'cluster_constants.bzl': 'ENVS = {\n    "myns": {\n    },\n}\n',
    'a/BUILD.bazel': 'k8s_objects(\n    name = "shop",\n)\n',
    'b/BUILD.bazel': 'service(\n    name = "front",\n)\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const problem = (label: string) => exampleProblem(root, label, new Set(['apply']));
  for (const label of ['//...', '//a/...', '//a:shop.apply', '//b:myns-deep.apply', '//b:update_goldens'])
    assert.equal(problem(label), undefined, label);
  assert.equal(problem('//a:shop.aply'), 'there is no verb .aply');
  assert.equal(problem('//a:myns-deep.apply'), 'a/BUILD.bazel has no target myns-deep');
  assert.equal(problem('//b:dev-deep.apply'), 'b/BUILD.bazel has no target dev-deep');
  assert.equal(problem('//c:x'), 'there is no package c');
  assert.equal(problem('//c/...'), 'there is no folder c');
});

const RULES = extractModel(
  new Workspace((path) =>
    path.endsWith('extensions.bzl')
      ? `"""E."""
_ATTRS = {"lock": attr.label(doc = "L.", mandatory = True), "_tool": attr.label(default = "//t")}
e = module_extension(
    implementation = _e_impl,
    doc = "E.",
    tag_classes = {"lock": tag_class(doc = "L.", attrs = {key: value for key, value in _ATTRS.items() if not key.startswith("_")})},
)
`
      : `"""A."""
_x = rule(doc = "X.", attrs = {"src": attr.label(doc = "S.", mandatory = True)})
def y(name, **kwargs):
    """Y.

    Args:
      name: it.
      **kwargs: of x.
    """
    _x(name = name, **kwargs)
x = _x
`,
  ),
  ['tools/a/defs.bzl', 'tools/a/extensions.bzl'],
);

for (const [text, ...problems] of [
  ['load("@fathom//tools/a:defs.bzl", "x")\nx(name = "a", src = "b", tags = ["c"])'],
  ['y(name = "a", src = "b")\npackage()'],
  ['load("@maven//:packages.bzl", "other")\nother()'],
  ['x(\n    name = "a",\n    …\n)'],
  ['load("//tools/a:defs.bzl", "z")', '//tools/a:defs.bzl has no z'],
  ['load("//tools/b:defs.bzl", "z")', 'there is no //tools/b:defs.bzl'],
  ['x(name = "a", source = "b")', 'x has no attribute source', 'x must be given src'],
  ['[y(name = n, sorce = n) for n in ["a"]]', 'y has no attribute sorce'],
  ['z(name = "a")', 'there is no rule z'],
  ['v = use_extension("@fathom//tools/a:extensions.bzl", "e")\nv.lock(lock = "//:x")\nuse_repo(v, "x")'],
  ['w = use_extension("@other//:extensions.bzl", "w")\nw.any(a = 1)'],
  ['v = use_extension("@fathom//tools/a:extensions.bzl", "f")', '@fathom//tools/a:extensions.bzl has no extension f'],
  ['v = use_extension("@fathom//tools/b:extensions.bzl", "e")', 'there is no @fathom//tools/b:extensions.bzl'],
  ['v = use_extension("//tools/a:extensions.bzl", "e")\nv.file(lock = "//:x")', 'e has no tag file'],
  [
    'v = use_extension("//tools/a:extensions.bzl", "e")\nv.lock(look = "//:x")',
    'v.lock has no attribute look',
    'v.lock must be given lock',
  ],
  ['package()\ne.lock(_tool = "x", lock = "//:x")', 'e.lock has no attribute _tool'],
  ['e(name = "a")', 'there is no rule e'],
] as const) {
  test(`finds ${problems.join(' and ') || 'nothing wrong'} in ${JSON.stringify(text)}`, () => {
    const known = { rules: RULES, exists: () => false };
    assert.deepEqual(
      starlarkProblems(block(text), new Set(['other']), known),
      problems.map((problem) => `docs/x.md:1: ${problem}`),
    );
  });
}

test('finds links that lead nowhere', () => {
  const pages = new Map(
    [
      ['docs/a.md', '# A\n\n[1](b.md#b) [2](b.md#c) [3](c.md) [4](#a) [5](#x) [6](../x.ts) [7](https://x/#y)'],
      ['docs/b.md', '# B'],
    ].map(([path = '', text = '']) => [path, parsePage(path, text)] as const),
  );
  const page = pages.get('docs/a.md') ?? assert.fail();
  const exists = (path: string) => pages.has(path) || path === 'x.ts';
  assert.deepEqual(linkProblems(page, { exists, pages }), [
    'docs/a.md:3: docs/b.md has no heading #c',
    'docs/a.md:3: there is no docs/c.md',
    'docs/a.md:3: docs/a.md has no heading #x',
  ]);
});

test('finds JSON, YAML and TypeScript that is none', async () => {
  assert.equal(jsonProblems(block('{"a": }')).length, 1);
  assert.equal(yamlProblems(block('a: [b')).length, 1);
  assert.deepEqual(yamlProblems(block('a: b\n---\nc: [d]')), []);
  const imported = (path: string) => (path === './b.ts' ? 'export const b = 1;' : undefined);
  const problems = (text: string) => typescriptProblems(block(text), imported);
  assert.deepEqual(await problems("import { b } from './b.ts';\nb();"), []);
  assert.match((await problems('const = 1;')).join(), /docs\/x\.md:1: SyntaxError/);
  assert.deepEqual(await problems("import { c } from './b.ts';"), ['docs/x.md:1: ./b.ts exports no c']);
  assert.deepEqual(await problems("import { c } from './d.ts';"), ['docs/x.md:1: there is no ./d.ts']);
});
