import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CompileParams } from './compile_layout.ts';
import { undeclaredImports } from './compile_strict_deps.ts';

const folder = await realpath(await mkdtemp(join(tmpdir(), 'strict-deps-')));
after(() => rm(folder, { recursive: true }));

const PARAMS: CompileParams = {
  label: '//shop',
  tsc: '',
  tsconfigs: [],
  npmRepository: 'npm',
  srcs: [{ path: 'shop/main.ts', name: 'shop/main.ts' }],
  deps: [],
  owners: [],
  packages: [],
  directPackages: ['react'],
  outputs: [],
  emit: 'types',
  stamp: '',
  diagnostics: '',
};

/** What is said of a source that the compiler found to refer to the file `target`, as its build info names it. */
async function saidOf(source: string, target: string): Promise<readonly string[]> {
  const root = await mkdtemp(join(folder, 'ts-'));
  await mkdir(join(root, 'shop'));
  await writeFile(join(root, 'shop/main.ts'), source);
  const info = { fileNames: ['./shop/main.ts', target], fileIdsList: [[2]], referencedMap: [[1, 1]] };
  await writeFile(join(root, '.info.json'), JSON.stringify(info));
  return undeclaredImports(PARAMS, root);
}

test('takes a package that is declared, also for its types alone', async () => {
  const source = "import { useState } from 'react';\n";
  assert.deepEqual(await saidOf(source, '../store/react@19/node_modules/react/index.d.ts'), []);
  assert.deepEqual(await saidOf(source, '../store/t@19/node_modules/@types/react/index.d.ts'), []);
});

for (const [what, path] of [
  ['in the store', '../store/left-pad@1/node_modules/left-pad/index.d.ts'],
  ['that lies in a folder above the compilation', '../node_modules/left-pad/index.d.ts'],
  ['whose types lie in a folder above the compilation', '../node_modules/@types/left-pad/index.d.ts'],
] as const)
  test(`names an undeclared package ${what}`, async () => {
    const [line = '', ...others] = await saidOf("import pad from 'left-pad';\n", path);
    assert.match(line, /^shop\/main\.ts: error: undeclared import\n.*left-pad/);
    assert.deepEqual(others, []);
  });

test('takes no types that lie above for those of a package that is declared', async () => {
  const [line = ''] = await saidOf("import 'react';\n", '../node_modules/@types/react/index.d.ts');
  assert.match(line, /^shop\/main\.ts: error: undeclared import\n/);
});

test('says nothing of what a source does not name: ambient types', async () => {
  assert.deepEqual(await saidOf('process.exit();\n', '../node_modules/@types/node/index.d.ts'), []);
});
