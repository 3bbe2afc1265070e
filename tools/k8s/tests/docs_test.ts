// What is written about the engine is what is in it: codes of errors, options, verbs.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { personalNamespace } from '../../lib/user.ts';
import { OPTIONS, VERBS } from '../deploy/options.ts';
import { OPTIONS as GITOPS_OPTIONS } from '../gitops/options.ts';
import { COMMANDS } from '../pins/options.ts';
import { ENCODINGS, PROVIDERS, referencesIn } from '../secrets/reference.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const sorted = (words: Iterable<string>) => [...new Set(words)].sort();
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, word = '']) => word);

function sources(): string {
  const folder = dirname(realpathSync(runfile('fathom/tools/k8s/engine_main.ts')));
  const parts = [
    ...['build', 'deploy', 'forward', 'gitops', 'k8s_test', 'kube', 'model', 'namespaces', 'pins', 'readiness'],
    ...['registry_gc', 'secrets', 'verbs'],
  ];
  return parts
    .flatMap((part) => readdirSync(join(folder, part)).map((name) => join(folder, part, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

test('docs/errors.md has every code of the engine, and no other', () => {
  const used = sorted(matches(sources(), /'(K8S_[A-Z_]+)'/g));
  assert.ok(used.length > 50);
  assert.deepEqual(sorted(matches(read('docs/errors.md'), /`(K8S_[A-Z_]+)`/g)), used);
});

test('the engine has the verbs of verbs.bzl, and docs/deploys.md tells of each', () => {
  const table = read('tools/k8s/verbs.bzl');
  const verbs = sorted(matches(table, /^ {4}"([a-z]+)": struct\(/gm));
  assert.deepEqual(sorted(VERBS), verbs);
  const rows = read('docs/deploys.md')
    .split('\n')
    .filter((line) => line.startsWith('| `.'))
    .flatMap((line) => matches(line.split('|')[1] ?? '', /`\.([a-z]+)`/g));
  assert.deepEqual(sorted(rows), verbs);
});

test('docs/deploys.md tells of each field of what is told of deploys, and of no other', () => {
  const folder = dirname(realpathSync(runfile('fathom/tools/k8s/engine_main.ts')));
  const fields = matches(readFileSync(join(folder, 'model/deploys.ts'), 'utf8'), /^ {2}readonly (\w+)\??:/gm);
  const [, section = ''] = /^## What is told of deploys\n([^]*?)^## /m.exec(read('docs/deploys.md')) ?? [];
  const [, named = ''] = /^\| -.*\n((?:\|.*\n)+)/m.exec(section) ?? [];
  const first = named.split('\n').map((row) => row.split('|')[1] ?? '');
  assert.deepEqual(sorted(first.flatMap((cell) => matches(cell, /`(\w+)`/g))), sorted(fields));
});

for (const [file, options, others] of [
  ['docs/deploys.md', Object.keys(OPTIONS), []],
  // Beside its own: options of git and of other programs.
  ['docs/gitops.md', Object.keys(GITOPS_OPTIONS), ['body', 'head', 'title']],
  ['docs/pins.md', Object.values(COMMANDS).flatMap((command) => Object.keys(command)), ['all', 'unshallow']],
] as const) {
  test(`${file} names only options that there are`, () => {
    const named = sorted(matches(read(file), /--([a-z][a-z-]+)/g));
    assert.deepEqual(
      named.filter((name) => ![...options, ...others].includes(name)),
      [],
    );
  });
}

test('what can be done about pins is in pins.bzl, and docs/pins.md tells of each', () => {
  const table = /PINS_COMMANDS = \{\n([^]*?)\n\}/.exec(read('tools/k8s/private/pins.bzl'))?.[1] ?? '';
  assert.deepEqual(sorted(Object.keys(COMMANDS)), sorted(matches(table, /^ {4}"([a-z]+)": struct\(/gm)));
  const headings = matches(read('docs/pins.md'), /^## (.*)$/gm);
  for (const command of Object.keys(COMMANDS)) {
    assert.ok(headings.includes(command === 'matrix' ? 'The matrix' : command), command);
  }
});

test('docs/pins.md and docs/gitops.md name every option', () => {
  for (const [file, options] of [
    ['docs/gitops.md', Object.keys(GITOPS_OPTIONS)],
    ['docs/pins.md', Object.values(COMMANDS).flatMap((command) => Object.keys(command))],
  ] as const) {
    const text = read(file);
    assert.deepEqual(
      options.filter((name) => !text.includes(`--${name}`)),
      [],
      file,
    );
  }
});

test('docs/pins.md and docs/gitops.md tell of the errors that there are', () => {
  const used = matches(sources(), /'(K8S_[A-Z_]+)'/g);
  for (const file of ['docs/pins.md', 'docs/gitops.md']) {
    const named = matches(read(file), /`(K8S_[A-Z_]+)`/g);
    assert.ok(named.length > 5);
    assert.deepEqual(
      named.filter((code) => !used.includes(code)),
      [],
      file,
    );
  }
});

test('docs/secrets.md has a row for every provider, every encoding, every verb, and references that are some', () => {
  const text = read('docs/secrets.md');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const [providers, verbs] = [
    rows.filter((line) => !line.startsWith('| `.')),
    rows.filter((line) => line.startsWith('| `.')),
  ];
  assert.deepEqual(sorted(matches(providers.join('\n'), /^\| `([a-z]+)`/gm)), sorted(PROVIDERS));
  assert.deepEqual(sorted(matches(verbs.join('\n'), /`\.([a-z]+)`/g)), sorted(VERBS));
  assert.deepEqual(sorted(matches(text, /\?encode=([a-z0-9]+)/g)), sorted(ENCODINGS));
  const references = text.split('\n').filter((line) => line.startsWith('    ${'));
  assert.deepEqual(
    references.flatMap((line) => referencesIn(line, 'docs')).map(({ provider }) => provider),
    [...PROVIDERS],
  );
});

test('docs/testing.md has the attributes of k8s_test with their defaults, and the files and variables that there are', () => {
  const [text = ''] = read('docs/testing.md').split('## A load');
  const signature = /^def k8s_test\((.*), \*\*kwargs\):$/m.exec(read('tools/k8s/private/k8s_test.bzl'))?.[1] ?? '';
  const attributes = [...signature.matchAll(/(\w+)(?: = ([^,]+))?(?:, |$)/g)].map(([, name, fallback]) => [
    name,
    fallback ?? '',
  ]);
  const rows = [...text.matchAll(/^\| `([a-z_]+)` +\| (?:`(.*?)`)? +\|/gm)].map(([, name, fallback]) => [
    name,
    fallback ?? '',
  ]);
  assert.ok(attributes.length > 5);
  assert.deepEqual(rows.toSorted(), attributes.toSorted());
  const code = sources();
  const variables = matches(text, /^\| `([A-Z_]+)` /gm);
  assert.ok(variables.length >= 4);
  for (const variable of variables) assert.ok(new RegExp(`^ +${variable}: `, 'm').test(code), variable);
  for (const file of matches(text, /^\| `([a-z]+\.(?:txt|json))` /gm)) assert.ok(code.includes(`'${file}'`), file);
});

test('docs/secrets.md, docs/testing.md and docs/namespaces.md name only codes, labels and annotations that there are', () => {
  const code = sources();
  for (const file of ['docs/secrets.md', 'docs/testing.md', 'docs/namespaces.md']) {
    const text = read(file);
    const names = sorted([...matches(text, /`?(K8S_[A-Z_]+)`/g), ...matches(text, /`(fathom\.internal\/[a-z-]+)/g)]);
    assert.ok(names.length > 3);
    assert.deepEqual(
      names.filter((name) => !code.includes(`'${name}'`)),
      [],
      file,
    );
  }
});

test('docs/namespaces.md tells of each name to which namespace it is mapped, and of all settings', () => {
  const text = read('docs/namespaces.md');
  const rows = [...text.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|$/gm)];
  assert.ok(rows.length >= 4);
  for (const [, name = '', namespace] of rows)
    assert.equal(personalNamespace({ env: { FATHOM_USER: name } }), namespace);
  const known = matches(/PERSONAL_KEYS = \[(.*)\]/.exec(read('tools/k8s/private/names.bzl'))?.[1] ?? '', /"([a-z]+)"/g);
  const [, example = ''] = /^ {4}"personal": \{\n([^]*?)^ {4}\},/m.exec(text) ?? [];
  assert.deepEqual(sorted(matches(example, /^ {8}"([a-z]+)":/gm)), sorted(known));
});
