// docs/ci.md has the codes, steps, variables and targets that there are.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';

// Targets and sources are of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const docs = readFileSync(runfile('fathom/docs/ci.md'), 'utf8');
const sorted = (words: Iterable<string>) => [...new Set(words)].sort();
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, word = '']) => word);

const sources = ['hermetic', 'pipeline', 'reproducible']
  .flatMap((folder) => readdirSync(join(root, 'tools/ci', folder)).map((name) => join(root, 'tools/ci', folder, name)))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('_test.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

test('has every code of an error, and no other', () => {
  const used = sorted(matches(sources, /'((?:HERMETIC|PIPELINE|REPRODUCIBLE)_[A-Z_]+)'/g));
  assert.ok(used.length > 10);
  assert.deepEqual(sorted(matches(docs, /`((?:HERMETIC|PIPELINE|REPRODUCIBLE)_[A-Z_]+)`/g)), used);
});

test('has every variable of a pipeline', () => {
  const used = sorted(matches(sources, /'(FATHOM_(?:CACHE|TARGETS)[A-Z_]*)'/g)).filter(
    (name) => name !== 'FATHOM_CACHE',
  );
  assert.deepEqual(sorted(matches(docs, /^\| `(FATHOM_[A-Z_]+)`/gm)), used);
});

test('has every step, in order', () => {
  const [, steps = ''] = /STEPS = \[([^\]]*)\]/.exec(sources) ?? [];
  assert.deepEqual(matches(docs, /^\| `([a-z]+)` /gm), matches(steps, /'([a-z]+)'/g));
});

test('names options that there are', () => {
  const known = new Set(matches(sources, /'--([a-z-]+)[ ']/g));
  const ofBazel = ['action_env', 'announce_rc', 'config', 'remote_cache'];
  const others = [...ofBazel, 'mount', 'pid', 'privileged', 'prune-data', 'yes'];
  const named = sorted(matches(docs, /(?<![\w-])--([a-z][a-z_-]+)/g)).filter((name) => !others.includes(name));
  assert.ok(named.length > 4);
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test('names targets and configurations that there are', () => {
  const labels = sorted(matches(docs, /bazel (?:run|test|build)(?: --config=[a-z-]+)? (?:@fathom)?(\/\/[^\s`]*)/g));
  assert.ok(labels.length > 8);
  for (const label of labels.filter((one) => !one.endsWith('/...'))) {
    const [folder = '', name = folder.split('/').at(-1) ?? ''] = label.slice(2).split(':');
    const build = join(root, folder, 'BUILD.bazel');
    assert.ok(existsSync(build), label);
    // A verb of a stack.
    const target = name.replace(/\.(apply|delete)$/, '');
    assert.ok(readFileSync(build, 'utf8').includes(`name = "${target}"`), label);
  }
  const bazelrc = readFileSync(join(root, '.bazelrc'), 'utf8');
  for (const config of sorted(matches(docs, /--config=([a-z-]+)/g)))
    assert.ok(bazelrc.includes(`build:${config} `), config);
});
