// What the rules say of sources that go does not like, by the real go and the modules of this workspace.
import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { unpackCache } from './cache_archive.ts';
import { carryOut } from './compile.ts';
import { missingImports } from './explain.ts';
import { keepCaches, NO_CACHES } from './kept_cache.ts';
import type { CompileRequest } from './request.ts';

const folder = await mkdtemp(join(tmpdir(), 'go-compile-'));
after(() => rm(folder, { recursive: true }));

const kept = keepCaches(folder, 'kept-');
let count = 0;

/** Compiles sources, by their paths; returns the path of what was made. */
async function compile(
  kind: CompileRequest['kind'],
  sources: Readonly<Record<string, string>>,
  caches = kept,
  package_ = 'shop',
): Promise<string> {
  const place = join(folder, String(count++));
  const request: CompileRequest = {
    kind,
    label: '//shop',
    src: runfile('go/src'),
    sdk: runfile('fathom_go_sdk/go'),
    cache: runfile('go/modules.tar.zst'),
    goos: 'linux',
    goarch: 'amd64',
    lock: 'third_party/go/services/go.mod',
    list: 'third_party/go/services/modules.go',
    importPath: 'fathom',
    package: package_,
    output: join(place, 'made'),
    sources: Object.keys(sources).map((path) => ({ folder: dirname(path), path: join(place, 'given', path) })),
  };
  for (const [path, text] of Object.entries(sources)) {
    await mkdir(dirname(join(place, 'given', path)), { recursive: true });
    await writeFile(join(place, 'given', path), text);
  }
  await mkdir(join(place, 'work'));
  await carryOut(request, { work: join(place, 'work'), caches, signal: AbortSignal.timeout(120_000) });
  return request.output;
}

const main = (imports: string, body: string) => `package main\n\nimport ${imports}\n\nfunc main() { ${body} }\n`;

describe('compiling', { timeout: 240_000 }, () => {
  test('makes the same program each time, and says nothing of where it was made', async () => {
    const source = { 'shop/main.go': main('"fmt"', 'fmt.Println("hello")') };
    const program = await readFile(await compile('program', source));
    assert.deepEqual(await readFile(await compile('program', source)), program);
    assert.deepEqual(await readFile(await compile('program', source, NO_CACHES)), program);
    assert.equal(program.includes(folder), false);
  });

  test('compiles no module again', async () => {
    const contents = async (cache: string) =>
      new Set((await readdir(cache, { recursive: true })).filter((name) => name.endsWith('-d')));
    const given = join(folder, 'given-cache');
    await unpackCache(runfile('go/modules.tar.zst'), given);
    const before = await contents(given);
    const source = { 'shop/main.go': main('"google.golang.org/grpc"', 'println(grpc.Version)') };
    await compile('program', source, NO_CACHES);
    const made = [...(await contents(join(folder, String(count - 1), 'work', 'cache')))].filter(
      (one) => !before.has(one),
    );
    // What the compiler makes of one package, not of the hundred that grpc is made of.
    assert.ok(made.length < 10, `${made.length} contents are new`);
  });

  test('names file and line of a type error', async () => {
    await assert.rejects(compile('program', { 'shop/main.go': main('"fmt"', 'fmt.Println(1 + "x" * 2)') }), {
      code: 'GO_COMPILE_FAILED',
      message: /^Compiling \/\/shop:\n# fathom\/shop\nshop\/main\.go:5:\d+: /,
    });
  });

  test('names file and line of a syntax error', async () => {
    await assert.rejects(compile('check', { 'shop/main.go': 'package main\n\nfunc main() {\n' }), {
      code: 'GO_COMPILE_FAILED',
      message: /shop\/main\.go:\d+:\d+: syntax error/,
    });
  });

  test('names list, lock and command where a module is missing', async () => {
    await assert.rejects(compile('program', { 'shop/main.go': main('_ "example.org/queue/v2"', '') }), {
      code: 'GO_IMPORT_MISSING',
      message: /shop\/main\.go:3:8: no package example\.org\/queue\/v2$/,
      hint: /import _ "example\.org\/queue\/v2"` to third_party\/go\/services\/modules\.go, then run `bazel run @fathom\/\/tools\/packages:go_pin -- third_party\/go\/services\/go\.mod`/,
    });
  });

  test('names the target where a package of the workspace is not among the deps', async () => {
    await assert.rejects(compile('test', { 'shop/x_test.go': 'package shop\n\nimport _ "fathom/bank/v1"\n' }), {
      code: 'GO_IMPORT_MISSING',
      message: /shop\/x_test\.go:3:8: no package fathom\/bank\/v1$/,
      hint: "Name the targets of //bank/v1 in 'deps' of //shop.",
    });
  });

  test('refuses what go vet finds', async () => {
    const source = { 'shop/shop.go': 'package shop\n\nimport "fmt"\n\nfunc F() { fmt.Printf("%d\\n", "x") }\n' };
    await assert.rejects(compile('check', source), {
      code: 'GO_COMPILE_FAILED',
      message: /^Vetting \/\/shop:\n(?:# .*\n)*shop\/shop\.go:5:\d+: fmt\.Printf format %d has arg/,
    });
  });

  test('what go vet finds in a package is said of it, each time, and of none that imports it', async () => {
    const bad = 'package bank\n\nimport "fmt"\n\nfunc F() { fmt.Printf("%d\\n", "x") }\n';
    const importing = { 'shop/shop.go': 'package shop\n\nimport _ "fathom/bank"\n', 'bank/bank.go': bad };
    const refused = { code: 'GO_COMPILE_FAILED', message: /^Vetting \/\/shop:\n(?:# .*\n)*bank\/bank\.go:5:\d+: / };
    const checkBank = () => compile('check', { 'bank/bank.go': bad }, kept, 'bank');
    await access(await compile('check', importing));
    await assert.rejects(checkBank(), refused);
    await assert.rejects(checkBank(), refused);
    await access(await compile('check', importing));
  });

  test('compiles packages of the workspace that others import, and what they embed', async () => {
    const made = await compile('program', {
      'shop/main.go': main('"fathom/bank"', 'print(bank.Text)'),
      'bank/bank.go': 'package bank\n\nimport _ "embed"\n\n//go:embed data/greeting.txt\nvar Text string\n',
      'bank/data/greeting.txt': 'hello',
    });
    await access(made);
  });
});

test('takes only those for missing imports that have no folder', () => {
  const listed = [
    { ImportPath: 'fathom/shop', Dir: '/w', Error: { Pos: 'shop/main.go:1:1', Err: 'expected package' } },
    { ImportPath: 'example.org/x', Error: { Pos: 'shop/main.go:3:8', Err: 'whatever it says' } },
  ];
  const text = listed.map((one) => `${JSON.stringify(one, undefined, '\t')}\n`).join('');
  assert.deepEqual(missingImports(text), [{ path: 'example.org/x', position: 'shop/main.go:3:8' }]);
});
