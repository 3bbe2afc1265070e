import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeReports, neededBy } from './merge.ts';
import { markerEnvironment, readReport } from './report.ts';

interface Made {
  readonly name: string;
  readonly requires?: readonly string[];
  readonly file?: string;
  readonly extras?: readonly string[];
  readonly metadata?: object;
}

const report = (...made: readonly Made[]) =>
  JSON.stringify({
    install: made.map(({ name, requires = [], file = `${name}-1-py3-none-any.whl`, extras = [], metadata = {} }) => ({
      download_info: { url: `https://x.example/p/${file}`, archive_info: { hashes: { sha256: `${name}-hash` } } },
      metadata: { name, version: '1', requires_dist: requires, ...metadata },
      requested_extras: extras,
    })),
  });

const LINUX = markerEnvironment('linux_x64', '3.13');
const needs = (requires: readonly string[], extras: readonly string[] = []) =>
  readReport(report({ name: 'A_x', requires, extras }, { name: 'b' }), LINUX)[0]?.depends;

for (const [requirement, isNeeded] of [
  ['b', true],
  ['b>=1,<2', true],
  ['b ; python_version < "3.9"', false],
  ['b ; python_version >= "3.9"', true],
  ['b ; "3.9" <= python_version', true],
  ['b ; sys_platform == "win32"', false],
  ['b ; sys_platform != "win32" and (platform_machine == "x86_64" or os_name == "nt")', true],
  ['b ; "linux" in sys_platform', true],
  ['b ; extra == "test"', false],
] as const) {
  test(`${isNeeded ? 'follows' : 'does not follow'} a requirement ${requirement}`, () => {
    assert.deepEqual(needs([requirement]), isNeeded ? ['b'] : []);
  });
}

test('follows extras that are asked for, by the list and by other packages', () => {
  assert.deepEqual(needs(['b ; extra == "t_e"'], ['T-E']), ['b']);
  const packages = readReport(
    report({ name: 'a', requires: ['b[x]'] }, { name: 'b', requires: ['c ; extra == "x"'] }, { name: 'c' }),
    LINUX,
  );
  assert.deepEqual(packages.find(({ name }) => name === 'b')?.depends, ['c']);
});

test('leaves out what the list leaves out, and what only that needs', () => {
  const text = report({ name: 'a', requires: ['b'] }, { name: 'b', requires: ['c'] }, { name: 'c' });
  const packages = neededBy(['a'], readReport(text, LINUX, ['b']));
  assert.deepEqual(
    packages.map(({ name }) => name),
    ['a'],
  );
});

for (const [what, metadata, license] of [
  ['expression', { license_expression: 'MIT' }, 'MIT'],
  ['text', { license: 'BSD' }, 'BSD'],
  ['classifier', { license: 'x'.repeat(500), classifier: ['License :: OSI Approved :: MIT License'] }, 'MIT License'],
  ['silence', {}, ''],
] as const) {
  test(`takes a licence from its ${what}`, () => {
    assert.equal(readReport(report({ name: 'a', metadata }), LINUX)[0]?.license, license);
  });
}

test('has a wheel for each machine, or one for all', () => {
  const at = (tag: string) =>
    readReport(report({ name: 'a', file: `a-1-cp313-cp313-${tag}.whl` }, { name: 'b' }), LINUX);
  const reports = new Map([
    ['linux_x64', at('manylinux_2_17_x86_64.manylinux2014_x86_64')],
    ['linux_arm64', at('manylinux_2_17_aarch64')],
  ]);
  const merged = mergeReports(reports);
  assert.deepEqual(Object.keys(merged['a']?.files ?? {}), ['linux_arm64', 'linux_x64']);
  assert.equal(merged['a']?.files['linux_x64']?.platform, 'manylinux_2_17_x86_64');
  assert.deepEqual(Object.keys(merged['b']?.files ?? {}), ['any']);
});

test('refuses versions that differ between machines', () => {
  const one = readReport(report({ name: 'a' }), LINUX);
  const other = one.map((entry) => ({ ...entry, version: '2' }));
  assert.throws(
    () =>
      mergeReports(
        new Map([
          ['x', one],
          ['y', other],
        ]),
      ),
    { code: 'PYPI_VERSIONS_DIFFER' },
  );
});

test('refuses what is no wheel, and machines that it does not know', () => {
  assert.throws(() => readReport(report({ name: 'a', file: 'a-1.tar.gz' }), LINUX), { code: 'PYPI_REPORT_INVALID' });
  assert.throws(() => markerEnvironment('amiga', '3.13'), { code: 'PYPI_MACHINE_UNKNOWN' });
});
