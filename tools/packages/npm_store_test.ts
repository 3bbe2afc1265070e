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

interface AliasRow {
  readonly what: string;
  readonly packages: Readonly<Record<string, object>>;
  /** Label → the key that it stands for. */
  readonly labels: Readonly<Record<string, string>>;
  /** Location → what its package may import. */
  readonly deps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const LODASH4 = { name: 'lodash', version: '4.17.21', integrity: 'sha512-b4' };
const ALIASES: readonly AliasRow[] = [
  { what: 'alone', packages: { 'node_modules/lodash4': LODASH4 }, labels: { lodash4: 'lodash4@lodash@4.17.21' } },
  {
    what: 'with a scope',
    packages: { 'node_modules/@own/lodash': LODASH4 },
    labels: { '@own/lodash': '@own+lodash@lodash@4.17.21' },
  },
  {
    what: 'of a package with a scope',
    packages: { 'node_modules/c': { name: '@s/c', version: '3.0.0', integrity: 'sha512-c' } },
    labels: { c: 'c@@s+c@3.0.0' },
  },
  {
    what: 'beside the real name, in the same version',
    packages: {
      'node_modules/lodash': { version: '4.17.21', integrity: 'sha512-b4' },
      'node_modules/lodash4': LODASH4,
    },
    labels: { lodash: 'lodash@4.17.21', lodash4: 'lodash4@lodash@4.17.21' },
  },
  {
    what: 'in the place of another package of that name',
    packages: {
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { lodash: '^4' } },
      'node_modules/a/node_modules/lodash': { version: '4.17.21', integrity: 'sha512-b4' },
      'node_modules/lodash': { name: 'lodash-es', version: '4.17.21', integrity: 'sha512-es' },
    },
    labels: { a: 'a@1.0.0', lodash: 'lodash@lodash-es@4.17.21' },
    deps: { 'node_modules/a': { lodash: 'lodash@4.17.21' } },
  },
  {
    what: 'that a dependency of a dependency has for itself',
    packages: {
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '^1' } },
      'node_modules/b': {
        version: '1.0.0',
        integrity: 'sha512-b',
        dependencies: { old: 'npm:lodash@^3', lodash: '^4' },
      },
      'node_modules/b/node_modules/old': { name: 'lodash', version: '3.10.1', integrity: 'sha512-b3' },
      'node_modules/lodash': { version: '4.17.21', integrity: 'sha512-b4' },
      'node_modules/old': { version: '9.0.0', integrity: 'sha512-o' },
    },
    labels: { a: 'a@1.0.0', b: 'b@1.0.0', lodash: 'lodash@4.17.21', old: 'old@9.0.0' },
    deps: { 'node_modules/b': { lodash: 'lodash@4.17.21', old: 'old@lodash@3.10.1' } },
  },
];

for (const { what, packages, labels, deps = {} } of ALIASES) {
  test(`gives a package the name of its folder: an alias ${what}`, () => {
    const lock = { lockfileVersion: 3, packages: { '': {}, ...packages } };
    const aliased = planStore(parseLock(JSON.stringify(lock), 'lock'), () => true);
    const files = buildFiles(aliased.values(), { rules: '@x//:y.bzl', exported: [] });
    const found = [...files].flatMap(([path, text]) => {
      const key = /actual = "\/\/:(.*)"/.exec(text)?.[1];
      return key === undefined ? [] : [[path.replace('/BUILD.bazel', ''), key]];
    });
    assert.deepEqual(Object.fromEntries(found), labels);
    for (const [location, expected] of Object.entries(deps)) assert.deepEqual(aliased.get(location)?.deps, expected);

    const root = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'store-'));
    for (const location of aliased.keys()) {
      mkdirSync(join(root, location), { recursive: true });
      writeFileSync(join(root, location, 'index.js'), location);
    }
    buildStore(root, aliased);
    for (const [location, { key, name, deps: imports }] of aliased) {
      const home = join(root, 'store', key, 'node_modules');
      assert.equal(readFileSync(join(home, name, 'index.js'), 'utf8'), location);
      const { name: published } = JSON.parse(readFileSync(join(home, '..', 'package.meta.json'), 'utf8'));
      assert.equal(published, (packages[location] as { name?: string }).name ?? name);
      for (const dependency of Object.keys(imports)) assert.ok(existsSync(join(home, dependency, 'index.js')));
    }
    rmSync(root, { recursive: true });
  });
}

test('tells the registry’s name of an alias beside the one that is imported', () => {
  const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/@own/lodash4': LODASH4 } };
  const aliased = planStore(parseLock(JSON.stringify(lock), 'lock'), () => true);
  const build = buildFiles(aliased.values(), { rules: '@x//:y.bzl', exported: [] }).get('BUILD.bazel') ?? '';
  assert.match(build, /package_name = "@own\/lodash4",\n\s+published_name = "lodash",/);
  assert.match(build, /directory = "store\/@own\+lodash4@lodash@4\.17\.21\/node_modules\/@own\/lodash4",/);
});

test('takes declarations for an alias by its own name, and by no other', () => {
  const types = { version: '4.17.20', integrity: 'sha512-t4' };
  const packages = {
    '': {},
    'node_modules/@types/lodash': types,
    'node_modules/@types/lodash4': { ...types, name: '@types/lodash' },
    'node_modules/lodash4': LODASH4,
    'node_modules/lodash5': LODASH4,
  };
  const aliased = planStore(parseLock(JSON.stringify({ lockfileVersion: 3, packages }), 'lock'), () => true);
  const build = buildFiles(aliased.values(), { rules: '@x//:y.bzl', exported: [] }).get('BUILD.bazel') ?? '';
  const typesOf = (key: string) => new RegExp(`name = "${key}",[^)]*?types = "([^"]*)"`).exec(build)?.[1];
  assert.equal(typesOf('lodash4@lodash@4\\.17\\.21'), ':@types+lodash4@@types+lodash@4.17.20');
  // The compiler looks for @types/lodash5, whatever the registry calls the package.
  assert.equal(typesOf('lodash5@lodash@4\\.17\\.21'), undefined);
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

test('takes a bundled package out of the archive of the one around it, with that one’s hash', () => {
  const packages = {
    '': {},
    'node_modules/tslib': { version: '2.0.0', integrity: 'sha512-t' },
    'node_modules/wasm': { version: '1.0.0', integrity: 'sha512-w', dependencies: { core: '^1', tslib: '^2' } },
    'node_modules/wasm/node_modules/core': {
      version: '1.1.0',
      inBundle: true,
      dependencies: { deep: '*', tslib: '*' },
    },
    'node_modules/wasm/node_modules/core/node_modules/deep': { version: '3.0.0', inBundle: true },
    'node_modules/wasm/node_modules/tslib': { version: '2.0.0', inBundle: true },
  };
  const bundled = planStore(parseLock(JSON.stringify({ lockfileVersion: 3, packages }), 'lock'), () => true);
  assert.deepEqual(
    [...bundled].map(([location, { key, integrity }]) => [location.split('/').at(-1), key, integrity]),
    [
      ['wasm', 'wasm@1.0.0', 'sha512-w'],
      ['tslib', 'tslib@2.0.0', 'sha512-t'],
      ['core', 'core@1.1.0', 'sha512-w'],
      ['tslib', 'tslib@2.0.0~2', 'sha512-w'],
      ['deep', 'deep@3.0.0', 'sha512-w'],
    ],
  );
  const root = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'store-'));
  for (const location of bundled.keys()) {
    mkdirSync(join(root, location), { recursive: true });
    writeFileSync(join(root, location, 'index.js'), location);
  }
  buildStore(root, bundled);
  for (const [from, name, location] of [
    ['wasm@1.0.0', 'core', 'node_modules/wasm/node_modules/core'],
    ['wasm@1.0.0', 'tslib', 'node_modules/wasm/node_modules/tslib'],
    ['core@1.1.0', 'tslib', 'node_modules/wasm/node_modules/tslib'],
    ['core@1.1.0', 'deep', 'node_modules/wasm/node_modules/core/node_modules/deep'],
  ] as const) {
    assert.equal(readFileSync(join(root, 'store', from, 'node_modules', name, 'index.js'), 'utf8'), location);
  }
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
  [
    'a bundled package without one around it that has a hash',
    '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1","inBundle":true}}}',
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
