import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { ToolError } from '../../../lib/errors.ts';
import { runfile } from '../../../lib/runfiles.ts';
import { bold } from './middle/middle.ts';

const here = 'tools/ts/tests/strict';
const diagnostics = (name: string) => readFileSync(runfile(`fathom/${here}/${name}.txt`), 'utf8');

for (const [name, what, label] of [
  ['sibling_import', 'a sibling package', '//tools/ts/tests/strict/sibling'],
  ['transitive_import', 'a package that only a dependency declares', '//tools/ts/tests/strict/sibling'],
  ['npm_import', 'an npm package', '@npm//picocolors'],
  ['transitive_npm_import', 'an npm package of a dependency', '@fathom_npm//picocolors'],
  ['npm_of_npm_import', 'an npm package of an npm package', '@fathom_npm//protobufjs'],
] as const) {
  test(`names the missing label of ${what} at build time`, () => {
    const text = diagnostics(name);
    assert.ok(text.includes(`Add "`) && text.includes(label), text);
    assert.ok(text.includes(`to deps of //${here}:${name}`), text);
    assert.ok(text.includes(`${here}/fixtures/${name}.ts`), text);
  });
}

test('names no label where an import is declared', () => {
  assert.ok(!diagnostics('npm_of_npm_import').includes('proto-loader"'), diagnostics('npm_of_npm_import'));
});

test('fails the build for a type error, with file and position', () => {
  assert.match(diagnostics('type_error'), /type_error\.ts\(1,14\): error TS2322/);
});

for (const [specifier, what, label] of [
  ['./sibling/sibling.js', 'a sibling package', '"//tools/ts/tests/strict/sibling"'],
  ['picocolors', 'an npm package of a dependency', '"@fathom_npm//picocolors"'],
  ['@types/node/index.js', 'nothing', undefined],
  ['left-pad', 'an npm package', '"@fathom_npm//left-pad"'],
] as const) {
  if (label === undefined) continue;
  test(`names the missing label of ${what} at run time`, async () => {
    await assert.rejects(
      () => import(specifier),
      (error) =>
        error instanceof Error &&
        'hint' in error &&
        String(error.hint).includes(`Add ${label} to deps of //${here}:imports_test`),
    );
  });
}

test('finds a declared npm package by require() as well', () => {
  const require = createRequire(import.meta.url);
  assert.equal(require('@types/node/package.json').name, '@types/node');
});

test('names the missing label of what is required at run time', () => {
  const require = createRequire(import.meta.url);
  assert.throws(
    () => require('left-pad'),
    (error) => error instanceof Error && 'hint' in error && String(error.hint).includes('@fathom_npm//left-pad'),
  );
});

test('lets a dependency use its own npm packages at run time', () => {
  assert.match(bold('x'), /x/);
  assert.ok(new ToolError('A', 'b') instanceof Error);
});
