// services.bzl has every service of the checkout, and no other.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../tools/lib/runfiles.ts';

// The check is of the whole tree, which no target could declare: the file's link leads to the checkout.
const list = realpathSync(runfile('fathom/prod/services.bzl'));
const root = dirname(dirname(list));

/** The BUILD files of services: package → text. */
const builds = new Map(
  readdirSync(join(root, 'services'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name === 'BUILD.bazel')
    .map(
      (entry) =>
        [
          `//${entry.parentPath.slice(root.length + 1)}`,
          readFileSync(join(entry.parentPath, entry.name), 'utf8'),
        ] as const,
    )
    .filter(([, text]) => /^service\($/m.test(text)),
);

/** The labels of a list of services.bzl. */
function named(variable: string): readonly string[] {
  const [, text = ''] = new RegExp(`^${variable} = \\[([^\\]]*)\\]`, 'm').exec(readFileSync(list, 'utf8')) ?? [];
  return [...text.matchAll(/"(\/\/[^"]+)"/g)].map(([, label = '']) => label);
}

test('prod/services.bzl names the packages that call the macro service', () => {
  assert.deepEqual(named('SERVICES'), [...builds.keys()].sort());
});

test('prod/services.bzl names as released those that are in all environments', () => {
  const everywhere = [...builds].filter(([, text]) => !/^    environments = /m.test(text)).map(([label]) => label);
  assert.deepEqual(named('RELEASED'), everywhere.sort());
});

test('what a service is can be seen at one glance: its BUILD file has under 40 lines', () => {
  const long = [...builds].filter(([, text]) => text.trimEnd().split('\n').length >= 40);
  assert.deepEqual(
    long.map(([label]) => label),
    [],
    'name what is the same for several services in a macro',
  );
});
