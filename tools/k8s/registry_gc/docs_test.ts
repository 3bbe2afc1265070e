// What docs/clusters.md says of collections is what there is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { OPTIONS } from '../deploy/options.ts';
import { KINDS } from './read_in_use.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const [, section = ''] = /## Garbage collection of the registry\n([^]*?)\n## /.exec(read('docs/clusters.md')) ?? [];
const matches = (pattern: RegExp) => [...section.matchAll(pattern)].map(([, word = '']) => word);

test('docs/clusters.md names only options and codes that there are', () => {
  const options = matches(/--([a-z][a-z-]+)/g);
  assert.ok(options.length >= 5);
  for (const option of options) assert.ok(Object.hasOwn(OPTIONS, option), option);
  const errors = `${read('docs/errors.md')}${read('docs/images.md')}`;
  const codes = matches(/`([A-Z0-9]+_[A-Z_]+)`/g);
  assert.ok(codes.length >= 3);
  for (const code of codes) assert.ok(errors.includes(`\`${code}\``), code);
});

test('docs/clusters.md tells of every option of a collection', () => {
  const own = Object.entries(OPTIONS).filter(([, { doc }]) => doc.includes('registry.gc'));
  assert.equal(own.length, 3);
  for (const [option] of own) assert.ok(section.includes(`--${option}`), option);
});

test('docs/clusters.md tells of the kinds that people make', () => {
  const made = KINDS.filter(({ apiVersion, kind }) => apiVersion !== 'v1' && !/Revision|ReplicaSet/.test(kind));
  assert.equal(made.length, 5);
  for (const { kind } of made) assert.ok(section.includes(`${kind}s`), kind);
});

test('the example has attributes of the rule', () => {
  const rule = read('tools/k8s/private/registry_gc.bzl');
  const attributes = matches(/^ {8}([a-z_]+) = /gm);
  assert.deepEqual(attributes.toSorted(), ['name', 'pins', 'registry', 'stack']);
  for (const attribute of attributes.filter((one) => one !== 'name')) {
    assert.ok(rule.includes(`"${attribute}": attr.`), attribute);
  }
});
