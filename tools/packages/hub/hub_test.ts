import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { runfile } from '../../lib/runfiles.ts';
import type { DebianLock, DebianWishes } from '../debian/lock_format.ts';
import type { MavenLock } from '../maven/lock_format.ts';
import type { PypiLock, PypiWishes } from '../pypi/lock_format.ts';
import { debianHub } from './debian_hub.ts';
import { archivesOf, failingHub, hubFiles, type HubPackage } from './hub_files.ts';
import { checkLockVersion, readJsonFile } from './lock_file.ts';
import { mavenHub } from './maven_hub.ts';
import { pypiHub } from './pypi_hub.ts';

const deb = (depends: readonly string[]) => ({
  version: '1',
  sha256: 's',
  size: 1,
  archive: 'debian',
  path: 'p',
  depends,
});
const DEBIAN: DebianLock = {
  version: 1,
  distribution: 'x',
  snapshot: 't',
  packages: { amd64: { a: deb(['b+']), 'b+': deb(['a']), c: deb([]) } },
};
const LIST: DebianWishes = {
  distribution: 'x',
  architectures: ['amd64'],
  components: [],
  packages: ['a', 'c'],
  without: {},
};
const AT = { name: 'hub', architecture: 'amd64', mirrors: [], shown: 'x.lock.json' };

const RULES = {
  packageRule: 'a_package',
  packageFile: '@x//:a.bzl',
  archiveRule: 'an_archive',
  archiveFile: '@x//:b.bzl',
  macro: 'repositories',
};

function files(packages: readonly HubPackage[]) {
  const made = hubFiles(packages, RULES);
  return { build: made.get('BUILD.bazel') ?? '', macro: made.get('packages.bzl') ?? '' };
}

test('gives a package a target with its closure, in circles too, and a repository', () => {
  const { build, macro } = files(debianHub(DEBIAN, LIST, AT));
  assert.match(
    build,
    /a_package\(name = "a", files = "@hub_amd64_a\/\/:files", closure = \["@hub_amd64_a\/\/:files","@hub_amd64_b_\/\/:files"\]\)/,
  );
  assert.match(macro, /an_archive\(name = "hub_amd64_b_", package = "b\+"/);
});

test('tells a module extension what the macro declares', () => {
  const packages = debianHub(DEBIAN, undefined, { ...AT, mirrors: ['m'] });
  const { macro } = files(packages);
  const archives = archivesOf(packages);
  assert.deepEqual(archives[1], {
    name: 'hub_amd64_b_',
    package: 'b+',
    version: '1',
    architecture: 'amd64',
    sha256: 's',
    archive: 'debian',
    path: 'p',
    snapshot: 't',
    mirrors: ['m'],
  });
  assert.deepEqual(
    archives.map(({ name }) => name),
    [...macro.matchAll(/an_archive\(name = "([^"]*)"/g)].map((match) => match[1]),
  );
});

for (const [what, list, problem] of [
  ['wants more', { ...LIST, packages: ['a', 'c', 'd'] }, /d is in the list only/],
  ['wants less', { ...LIST, packages: ['a'] }, /c is in the lock only/],
  ['leaves out what is there', { ...LIST, without: { 'b+': 'why' } }, /b\+ is left out by the list/],
] as const) {
  test(`refuses a lock whose list ${what}, and says what to run`, () => {
    assert.throws(
      () => debianHub(DEBIAN, list, AT),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'LOCK_STALE' && problem.test(error.message) && /debian_pin/.test(error.hint ?? ''),
    );
  });
}

test('refuses a lock that lacks what a package needs', () => {
  const packages = { amd64: { a: deb(['gone']) } };
  assert.throws(() => debianHub({ ...DEBIAN, packages }, { ...LIST, packages: ['a'] }, AT), {
    code: 'LOCK_STALE',
    message: /a needs gone, which the lock has not/,
  });
});

test('lets a workspace be loaded whose lock is stale, and fails what asks for its packages', () => {
  const made = hubFiles(debianHub(DEBIAN, undefined, AT), RULES);
  const failing = failingHub(made, new ToolError('LOCK_STALE', 'Reading "x"', { hint: 'Pin.' }));
  assert.equal(failing.get('packages.bzl'), made.get('packages.bzl'));
  assert.equal(failing.get('BUILD.bazel'), 'fail("error: LOCK_STALE: Reading \\"x\\"\\n  hint: Pin.")\n');
});

const MAVEN: MavenLock = {
  version: 1,
  artifacts: {
    'g.h:a-b': { version: '1.0', path: 'p', sha256: 's', size: 1, license: 'MIT', depends: ['g:c:zip:linux'] },
    'g:c:zip:linux': { version: '2', path: 'q', sha256: 't', size: 1, license: '', depends: [] },
  },
};

test('names Maven artifacts by their coordinates', () => {
  const { build, macro } = files(mavenHub(MAVEN, { artifacts: ['g.h:a-b:1.0'] }, { name: 'm', shown: 'l' }));
  assert.match(build, /name = "g_h_a_b"/);
  assert.match(macro, /an_archive\(name = "m_g_c_zip_linux", coordinates = "g:c:zip:linux"/);
});

test('refuses a Maven lock of another version than its list names', () => {
  assert.throws(() => mavenHub(MAVEN, { artifacts: ['g.h:a-b:1.1'] }, { name: 'm', shown: 'l' }), {
    code: 'LOCK_STALE',
    message: /g\.h:a-b is 1\.1 in the list, 1\.0 in the lock/,
  });
});

test('refuses a list with what is no coordinate', () => {
  assert.throws(() => mavenHub(MAVEN, { artifacts: ['g.h'] }, { name: 'm', shown: 'l' }), {
    code: 'MAVEN_COORDINATE_INVALID',
  });
});

const wheel = (platform: string) => ({ platform, file: `${platform}.whl`, sha256: platform });
const PYPI: PypiLock = {
  version: 1,
  python: '3.13',
  packages: {
    'a-b': { version: '1', license: '', depends: ['c'], files: { linux_x64: wheel('m_x'), linux_arm64: wheel('m_a') } },
    c: { version: '2', license: '', depends: [], files: { any: wheel('any') } },
  },
};
const WISHES: PypiWishes = { python: '3.13', platforms: {}, packages: ['A_b==1'] };

test('chooses the wheel by the platform that the target is built for', () => {
  const { build, macro } = files(pypiHub(PYPI, WISHES, { name: 'p', shown: 'l', settings: '@f//t' }));
  assert.match(
    build,
    /alias\(name = "a-b\.files", actual = select\(\{"@f\/\/t:linux_x64": "@p_a_b_linux_x64\/\/:files", "@f\/\/t:linux_arm64"/,
  );
  assert.match(build, /no_match_error = "The lock has no file of a-b for this platform/);
  assert.match(
    build,
    /a_package\(name = "a-b", files = ":a-b\.files", closure = \[":a-b\.files","@p_c_any\/\/:files"\]\)/,
  );
  assert.match(macro, /name = "p_a_b_linux_arm64", package = "a-b"/);
});

test('reads requirements by name and version, as PEP 503 normalises them', () => {
  assert.throws(
    () => pypiHub(PYPI, { ...WISHES, packages: ['a.B[x] == 2'] }, { name: 'p', shown: 'l', settings: 's' }),
    {
      message: /a-b is 2 in the list, 1 in the lock/,
    },
  );
});

test('refuses locks of another form, and what is not there', () => {
  assert.throws(() => checkLockVersion({ version: 2 }, 'l', 'x_pin'), {
    code: 'LOCK_VERSION',
    message: /version is 2/,
  });
  assert.throws(() => readJsonFile('/nonexistent.json', 'third_party/l'), {
    code: 'LOCK_UNREADABLE',
    message: /ENOENT/,
  });
});

test('names every source of the program in what asks it, so that a change of one makes hubs anew', () => {
  // The sources are no runfiles: the rules' own file leads to the checkout.
  const rules = realpathSync(runfile('fathom/tools/packages/private/hub.bzl'));
  const checkout = rules.replace(/tools\/packages\/private\/hub\.bzl$/, '');
  const named = [...readFileSync(rules, 'utf8').matchAll(/^ {4}"\/\/(tools\/\w+):([\w/]+\.ts)",$/gm)];
  const found = new Set<string>();
  const pending = ['tools/packages/hub/hub_main.ts'];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(join(checkout, path), 'utf8');
    // Types are gone when the program runs.
    for (const [, specifier = ''] of text.matchAll(/^(?:import (?!type )|export |\} ).*from '([^']+)';$/gm)) {
      if (specifier.startsWith('.')) pending.push(normalize(join(dirname(path), specifier)));
      else assert.match(specifier, /^node:/, `${path} imports ${specifier}`);
    }
  }
  assert.deepEqual(
    [...found].sort(),
    named.map(([, folder = '', file = '']) => `${folder}/${file}`),
  );
});
