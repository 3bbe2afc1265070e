// What docs/services.md says of environments and roles is what the tables have, and its example is one that is built.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const docs = read('docs/services.md');

/** The rows of the table with this header, without the header. */
function rows(header: string): readonly (readonly string[])[] {
  const lines = docs.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${header} `));
  assert.ok(start >= 0, `there is no table of ${header}`);
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

test('the table of environments has every key, and says which are owed', () => {
  const source = read('tools/k8s/private/environments.bzl');
  const start = source.indexOf('ENVIRONMENT_KEYS = {');
  const table = source.slice(start, source.indexOf('\n}\n', start));
  const keys = table.split('\n    "').slice(1);
  const known = keys.map((text) => text.slice(0, text.indexOf('"')));
  assert.ok(known.length > 5);
  assert.deepEqual(
    rows('key')
      .map(([key]) => key)
      .sort(),
    known.sort(),
  );
  const owed = rows('key').filter(
    ([key, byDefault]) => byDefault === '' && !['ca_sha256', 'promotes_from'].includes(key ?? ''),
  );
  assert.deepEqual(
    owed.map(([key]) => key).sort(),
    keys
      .filter((text) => !text.includes('default ='))
      .map((text) => text.slice(0, text.indexOf('"')))
      .sort(),
  );
});

test('the table of roles has every role with its kind and what it needs', () => {
  const table = read('tools/k8s/roles.bzl');
  const known = [...table.matchAll(/"([a-z]+)": struct\(kind = "(\w+)", .*needs = (?:None|"([a-z-]+)")\)/g)];
  assert.ok(known.length > 10);
  assert.deepEqual(
    rows('role'),
    known.map(([, role, kind, needs = '']) => [role, kind, needs]),
  );
});

test('every role of a component of the Jsonnet library is in the table, and needs what the component says', () => {
  const { components } = JSON.parse(read('jsonnet/docs.json')) as {
    readonly components: readonly { readonly roles: Readonly<Record<string, string>> }[];
  };
  const needs = new Map(rows('role').map(([role, , capability]) => [role, capability]));
  // Namespaces are made for environments, not by services.
  const described = components.flatMap(({ roles }) => Object.entries(roles)).filter(([role]) => role !== 'namespace');
  assert.ok(described.length > 20);
  for (const [role, when] of described) {
    assert.ok(needs.has(role), `there is no role ${role}`);
    const [, capability] = /provides ([a-z-]+)/.exec(when) ?? [];
    if (capability !== undefined) assert.equal(needs.get(role), capability, role);
  }
});

test('the example by hand is the BUILD file that is tested', () => {
  const build = read('tools/k8s/tests/services/by_hand/BUILD.bazel').replace('exports_files(["BUILD.bazel"])\n\n', '');
  const indented = build.trimEnd().replaceAll(/^(?=.)/gm, '    ');
  assert.ok(docs.includes(`\n${indented}\n`), 'write the example in docs/services.md anew');
});
