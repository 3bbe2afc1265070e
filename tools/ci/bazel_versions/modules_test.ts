// WORKSPACE and MODULE.bazel say the same: Bazel 4.2 reads one, newer ones the other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const modules = read('MODULE.bazel');

/** The repositories that `use_repo` takes from extensions whose variables match. */
function used(variable: RegExp): readonly string[] {
  return [...modules.matchAll(/^use_repo\(([^)]*)\)/gm)].flatMap(([, values = '']) => {
    const [extension = '', ...names] = values.split(',').map((word) => word.trim());
    return variable.test(extension) ? names.filter((name) => name !== '').map((name) => name.replaceAll('"', '')) : [];
  });
}

function names(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

test('uses each repository that the tools declare', () => {
  const declared = [
    ...names(read('tools/repositories.bzl'), /^ {8}"?name"? ?[=:] "(\w+)"/gm),
    ...names(read('tools/repositories.bzl'), /^ {12}"?name"? ?[=:] "(\w+)"/gm),
    ...names(read('tools/go_repositories.bzl'), /is_declared\("(\w+)"\)/g),
    ...names(read('tools/go_repositories.bzl'), /^ {4}"(go_\w+|prometheus)": /gm),
  ];
  assert.ok(declared.length > 25, declared.join(' '));
  assert.deepEqual([...new Set(declared)].sort(), [...used(/^fathom_(tools|packages)$/)].sort());
});

test('has the repositories of the WORKSPACE', () => {
  const inWorkspace = names(read('WORKSPACE'), /^ {4}name = "(\w+)"/gm);
  assert.ok(inWorkspace.length > 10, inWorkspace.join(' '));
  const own = names(modules, /^ {4}name = "(\w+)"/gm);
  assert.deepEqual(
    inWorkspace.filter((name) => ![...own, ...used(/^environments$/)].includes(name)),
    [],
  );
  assert.deepEqual(
    own.filter((name) => !inWorkspace.includes(name) || !used(/./).includes(name)),
    [],
  );
});

test('registers the same toolchains', () => {
  const registered = names(read('tools/repositories.bzl'), /register_toolchains\("@fathom([^"]*)"\)/g);
  const [, inModules = ''] = /^register_toolchains\(([^)]*)\)/m.exec(modules) ?? [];
  assert.deepEqual([...names(inModules, /"([^"]*)"/g)].sort(), [...registered].sort());
});
