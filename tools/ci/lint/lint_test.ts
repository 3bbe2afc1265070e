import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { sourceFiles, typeScriptPrograms } from '../format/checkout.ts';
import { renderFinding } from './finding.ts';
import { jsonnetLint, parseJsonnetLint } from './jsonnet.ts';
import { lint } from './lint.ts';
import { lineLimit, longFiles } from './sizes.ts';
import { buildifier } from './starlark.ts';
import { copiedFiles, makeTree } from './tree.ts';
import { oxlint, tsc } from './typescript.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const workspace = dirname(realpathSync(runfile('fathom/README.md')));

test('finds nothing in the checkout', async (t) => {
  const { files, findings, long } = await lint(workspace, { fix: false });
  for (const name of ['WORKSPACE', 'jsonnet/pod.libsonnet', 'tools/lib/errors.ts'])
    assert.ok(files.includes(name), `${name} is not among the ${files.length} files of ${workspace}`);
  for (const { path, lines, limit } of long) t.diagnostic(`${path}: ${lines} lines, over ${limit}`);
  assert.deepEqual(findings.map(renderFinding), [], 'bazel run //:lint -- --fix mends what is mechanical');
});

const folder = await mkdtemp(join(tmpdir(), 'lint-test-'));
after(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return Object.keys(files);
}

/** Files of the checkout, by their names. */
async function own(...names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const texts = names.map(async (name) => [name, await readFile(join(workspace, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Lints a tree with these files, of which `path` has a promise that floats in line 4, and a wrong type in line 6. */
async function assertFindings(paths: readonly string[], path: string): Promise<void> {
  const tree = await makeTree(folder, paths);
  try {
    assert.deepEqual(
      (await oxlint(tree, { fix: false })).map(({ path, line, rule }) => ({ path, line, rule })),
      [{ path, line: 4, rule: 'typescript/no-floating-promises' }],
    );
    assert.deepEqual((await tsc(tree, copiedFiles(paths))).map(renderFinding), [
      `${path}:6: Type 'string' is not assignable to type 'number'. [TS2322]`,
    ]);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

test('uses the types of generated code and of packages, and finds what is wrong with either', async () => {
  const paths = await write({
    ...(await own('package.json', 'package-lock.json', 'tsconfig.json', '.oxlintrc.jsonc')),
    'tools/a/v1/a.proto': 'syntax = "proto3";\npackage a.v1;\nmessage A {\n  string name = 1;\n}\n',
    'tools/a/a.ts': [
      "import pLimit from 'p-limit';",
      "import { A } from './v1/a.ts';",
      'export function begin(): void {',
      "  pLimit(1)(async () => A.create({ name: 'x' }));",
      '}',
      "export const wrong: number = A.create({ name: 'x' }).name;",
      '',
    ].join('\n'),
  });
  await assertFindings(paths, 'tools/a/a.ts');
});

test('checks what browsers load by its own settings, and finds a source that no settings include', async () => {
  const paths = await write({
    ...(await own('package.json', 'package-lock.json')),
    'tsconfig.json': JSON.stringify({
      compilerOptions: { lib: ['es2024'], types: [], noEmit: true },
      include: ['services/*.ts'],
    }),
    'services/x.ts': 'export const width = window.innerWidth;\n',
    'services/client/tsconfig.json': JSON.stringify({
      compilerOptions: { lib: ['es2024', 'dom'], types: [], noEmit: true },
      include: ['*.ts'],
    }),
    'services/client/y.ts': 'export const width: string = window.innerWidth;\n',
    'services/client/z.tsx': 'export const z = 1;\n',
  });
  const tree = await makeTree(folder, paths);
  try {
    assert.deepEqual((await tsc(tree, copiedFiles(paths))).map(renderFinding), [
      "services/x.ts:1: Cannot find name 'window'. [TS2304]",
      "services/client/y.ts:1: Type 'number' is not assignable to type 'string'. [TS2322]",
      'services/client/z.tsx:1: No tsconfig.json includes it. [tsc]',
    ]);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
});

test('looks at examples with the packages and settings of the checkout, and their own protos', async () => {
  const paths = await write({
    ...(await own('package.json', 'package-lock.json', 'tsconfig.json', '.oxlintrc.jsonc')),
    'tools/lib/b.ts': 'export async function b(): Promise<void> {}\n',
    'examples/shop/tsconfig.json': '{ "compilerOptions": { "decoy": true } }',
    'examples/shop/proto/a/v1/a.proto': 'syntax = "proto3";\npackage a.v1;\nmessage A {\n  string name = 1;\n}\n',
    'examples/shop/app/a.ts': [
      "import { A } from '../proto/a/v1/a.ts';",
      "import { b } from '../external/fathom/tools/lib/b.ts';",
      'export function begin(): void {',
      '  b();',
      '}',
      "export const wrong: number = A.create({ name: 'x' }).name;",
      '',
    ].join('\n'),
  });
  await assertFindings(paths, 'examples/shop/app/a.ts');
});

test('docs/development.md names every program that has settings of its own', async () => {
  const page = await readFile(join(workspace, 'docs/development.md'), 'utf8');
  const programs = typeScriptPrograms(sourceFiles(workspace));
  assert.ok(programs.includes('.') && programs.includes('services/dashboards/client'), programs.join(' '));
  assert.deepEqual(
    programs.filter((program) => !page.includes(`\`npx tsc -p ${program}\``)),
    [],
  );
});

test('finds an unused load, and mends it when asked to', async () => {
  const paths = await write({ 'x/BUILD.bazel': 'load(":a.bzl", "a", "b")\n\na(name = "x")\n' });
  assert.deepEqual((await buildifier(folder, paths, { fix: false })).map(renderFinding), [
    'x/BUILD.bazel:1: Loaded symbol "b" is unused. Please remove it. [buildifier/load]',
  ]);
  assert.deepEqual(await buildifier(folder, paths, { fix: true }), []);
});

test('finds rules that Bazel 9 has no more, but for the one of BUILD files that are shown as they were', async () => {
  const text = ['sh_binary', 'cc_library', 'java_test', 'py_binary', 'proto_library']
    .map((rule) => `${rule}(name = "${rule}")\n`)
    .join('\n');
  const shown = 'examples/from_rules_k8s/deploy/BUILD.bazel';
  const paths = await write({ 'y/BUILD.bazel': text, [shown]: text });
  const found = async (fix: boolean) =>
    (await buildifier(folder, paths, { fix }))
      .filter(({ rule }) => rule.startsWith('buildifier/native-'))
      .map(({ path, rule }) => `${path}: ${rule.slice('buildifier/native-'.length)}`)
      .toSorted();
  const others = ['cc-library', 'java-test', 'proto', 'py'];
  assert.deepEqual(await found(false), [
    ...others.map((rule) => `${shown}: ${rule}`),
    ...[...others, 'sh-binary'].map((rule) => `y/BUILD.bazel: ${rule}`),
  ]);
  await found(true);
  assert.match(await readFile(join(folder, shown), 'utf8'), /^sh_binary\(/m);
  assert.doesNotMatch(await readFile(join(folder, shown), 'utf8'), /rules_shell/);
});

test('finds an unused variable of Jsonnet beside an import that a build makes', async () => {
  const paths = await write({ 'x.jsonnet': "local made = import 'made.json';\nlocal unused = 1;\nmade\n" });
  assert.deepEqual((await jsonnetLint(folder, paths)).map(renderFinding), [
    'x.jsonnet:2: Unused variable: unused [jsonnet-lint]',
  ]);
});

test('finds in an example what is wrong with a file that it imports from its own root', async () => {
  const paths = await write({
    'examples/shop/lib/a.libsonnet': '{ b: 1 }\n',
    'examples/shop/app/c.jsonnet': "(import 'lib/a.libsonnet').b.d\n",
  });
  assert.deepEqual(
    (await jsonnetLint(folder, paths)).map(({ path, line }) => `${path}:${line}`),
    ['examples/shop/app/c.jsonnet:1'],
  );
});

test('reads places of one line and of several', () => {
  const text = 'a/b.jsonnet:3:1-9 one\n\nlocal x = 1;\n\n\nb.libsonnet:(4:2)-(6:3) two\n\n{\n\nProblems found!\n';
  assert.deepEqual(parseJsonnetLint(text).map(renderFinding), [
    'a/b.jsonnet:3: one [jsonnet-lint]',
    'b.libsonnet:4: two [jsonnet-lint]',
  ]);
});

test('tells long files, the longest first, tests from twice the length on', async () => {
  const long = (lines: number) => 'x\n'.repeat(lines);
  const paths = await write({
    'a.ts': long(301),
    'a.tsx': long(302),
    'a.css': long(303),
    'b.bzl': long(300),
    'c_test.ts': long(600),
    'd_test.ts': long(601),
    'd_test.tsx': long(600),
    'e.json': long(900),
  });
  assert.deepEqual(await longFiles(folder, paths), [
    { path: 'd_test.ts', lines: 601, limit: 600 },
    { path: 'a.css', lines: 303, limit: 300 },
    { path: 'a.tsx', lines: 302, limit: 300 },
    { path: 'a.ts', lines: 301, limit: 300 },
  ]);
  assert.equal(lineLimit('tools/k8s/testing/server.ts'), 600);
});
