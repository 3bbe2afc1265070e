import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { KIT_PACKAGES } from './packages.ts';

test('has the packages that the service kit imports, and no others', () => {
  // No target of tools/ may be of services/: the link of package.json leads to the checkout.
  const root = dirname(realpathSync(runfile('fathom/package.json')));
  const build = readFileSync(join(root, 'services/kit/BUILD.bazel'), 'utf8');
  const [library = ''] = /^ts_library\(\n {4}name = "kit",[^]*?^\)$/m.exec(build) ?? [];
  const imported = [...library.matchAll(/"@npm\/\/([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual([...KIT_PACKAGES], imported.toSorted());
});
