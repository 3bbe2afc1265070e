// services.bzl has every service of the checkout, and no other.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../tools/lib/runfiles.ts';

// The check is of the whole tree, which no target could declare: the file's link leads to the checkout.
const list = realpathSync(runfile('fathom/prod/services.bzl'));
const root = dirname(dirname(list));

test('prod/services.bzl names the packages that call the macro service', () => {
  const packages = readdirSync(join(root, 'services'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name === 'BUILD.bazel')
    .filter((entry) => /^service\($/m.test(readFileSync(join(entry.parentPath, entry.name), 'utf8')))
    .map((entry) => `//${entry.parentPath.slice(root.length + 1)}`);
  const named = [...readFileSync(list, 'utf8').matchAll(/"(\/\/[^"]+)"/g)].map(([, label]) => label);
  assert.deepEqual(named, packages.sort());
});
