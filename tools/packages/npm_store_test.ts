import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildFiles } from './npm_build_files.ts';
import { parseLock, resolveDependency } from './npm_lock.ts';
import { buildStore, planStore } from './npm_store.ts';

const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'mine' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '^2', c: '*' } },
    'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b2', peerDependencies: { a: '*' } },
    'node_modules/b': { version: '1.0.0', integrity: 'sha512-b1', license: 'MIT' },
    'node_modules/@s/c': { version: '3.0.0', integrity: 'sha512-c', dependencies: { b: '1' } },
    'node_modules/@types/s__c': { version: '3.0.1', integrity: 'sha512-t' },
    'node_modules/absent': { version: '1.0.0', integrity: 'sha512-x', optional: true },
  },
};

const parsed = parseLock(JSON.stringify(LOCK), 'lock');
const plan = planStore(parsed, (location) => location !== 'node_modules/absent');

test('lets a package see the version that node would find for it', () => {
  assert.deepEqual(plan.get('node_modules/a')?.deps, { b: 'b@2.0.0' });
  assert.deepEqual(plan.get('node_modules/@s/c')?.deps, { b: 'b@1.0.0' });
});

test('lets packages need each other in a circle', () => {
  assert.deepEqual(plan.get('node_modules/a/node_modules/b')?.deps, { a: 'a@1.0.0' });
  assert.match(
    buildFiles(plan.values(), { rules: '@x//:y.bzl', exported: [] }).get('BUILD.bazel') ?? '',
    /name = "b@2\.0\.0"/,
  );
});

test('leaves out optional packages of other platforms', () => {
  assert.equal(plan.get('node_modules/absent'), undefined);
});

test('keeps two copies of one version apart', () => {
  const twice = {
    ...LOCK,
    packages: { ...LOCK.packages, 'node_modules/@s/c/node_modules/b': { version: '1.0.0', integrity: 'sha512-b1' } },
  };
  const keys = [...planStore(parseLock(JSON.stringify(twice), 'lock'), () => true).values()].map(
    (stored) => stored.key,
  );
  assert.equal(new Set(keys).size, keys.length);
});

test('gives a package its declarations, and names it by its own package', () => {
  const files = buildFiles(plan.values(), { rules: '@x//:y.bzl', exported: ['node'] });
  assert.match(files.get('BUILD.bazel') ?? '', /types = ":@types\+s__c@3\.0\.1"/);
  assert.match(files.get('@s/c/BUILD.bazel') ?? '', /name = "c"[^]*actual = "\/\/:@s\+c@3\.0\.0"/);
});

test('moves packages into folders in which they find their dependencies and nothing else', () => {
  const root = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'store-'));
  for (const location of plan.keys()) {
    mkdirSync(join(root, location), { recursive: true });
    writeFileSync(join(root, location, 'index.js'), location);
    mkdirSync(join(root, location, 'lib'));
    writeFileSync(join(root, location, 'lib', 'BUILD'), 'cut');
  }
  buildStore(root, plan);
  const a = join(root, 'store/a@1.0.0/node_modules');
  assert.equal(readFileSync(join(a, 'b/index.js'), 'utf8'), 'node_modules/a/node_modules/b');
  assert.equal(realpathSync(join(a, 'b')), realpathSync(join(root, 'store/b@2.0.0/node_modules/b')));
  assert.ok(!existsSync(join(a, '@s')), 'c is no dependency of a');
  assert.ok(!existsSync(join(a, 'a/lib/BUILD')), 'BUILD files of packages are removed');
  assert.ok(!existsSync(join(root, 'node_modules')));
  assert.equal(JSON.parse(readFileSync(join(dirname(a), 'package.meta.json'), 'utf8')).integrity, 'sha512-a');
  rmSync(root, { recursive: true });
});

test('looks a dependency up through the parents of a folder', () => {
  const there = new Set(['node_modules/b', 'node_modules/a/node_modules/@s/d']);
  const find = (from: string, name: string) => resolveDependency(from, name, (location) => there.has(location));
  assert.equal(find('node_modules/a/node_modules/x', 'b'), 'node_modules/b');
  assert.equal(find('node_modules/a/node_modules/x', '@s/d'), 'node_modules/a/node_modules/@s/d');
  assert.equal(find('node_modules/x', '@s/d'), undefined);
});

for (const [what, lock, code] of [
  ['text that is no JSON', '{', 'NPM_LOCK_UNREADABLE'],
  ['an old format', '{"lockfileVersion":1}', 'NPM_LOCK_VERSION'],
  [
    'a package without a hash',
    '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1"}}}',
    'NPM_LOCK_NO_INTEGRITY',
  ],
  ['a workspace link', '{"lockfileVersion":3,"packages":{"node_modules/a":{"link":true}}}', 'NPM_LOCK_LINK'],
] as const) {
  test(`refuses a lock with ${what}, and says what to do`, () => {
    assert.throws(
      () => parseLock(lock, 'package-lock.json'),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, /package-lock\.json/);
        return (error.hint ?? '') !== '';
      },
    );
  });
}
