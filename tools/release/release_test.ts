import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { ToolError } from '../lib/errors.ts';
import { gitIn } from '../lib/git.ts';
import { runfile } from '../lib/runfiles.ts';
import { moduleLines, workspaceLines, writeArchive, writeRegistry } from './release.ts';
import { moduleFile, versionOf } from './version.ts';

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'release-test-'));
after(() => rm(folder, { recursive: true, force: true }));

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const GOOD: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "fathom", "version": "1.2.3" }\n',
  'package-lock.json': lock('1.2.3', '1.2.3'),
  'MODULE.bazel': 'module(name = "fathom")\n\nbazel_dep(name = "platforms", version = "0.0.10")\n',
  'a/b.txt': 'b\n',
};

/** A package-lock.json, which has the project's version twice. */
function lock(version: string, packageVersion: string): string {
  return JSON.stringify({ name: 'fathom', version, packages: { '': { name: 'fathom', version: packageVersion } } });
}

/** A repository with one commit. */
async function commit(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await writeFile(join(root, 'bytes'), BYTES);
  await writeFile(join(root, 'program'), '#!/bin/sh\n');
  await chmod(join(root, 'program'), 0o755);
  await symlink('a/b.txt', join(root, 'link'));
  const git = gitIn(root);
  await git('init', '--quiet');
  await git('add', '--all');
  await git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '-m', 'x');
  return root;
}

const workspace = await commit('good', GOOD);

test('makes the same bytes twice, and of two clones with other times, modes and line ends', async () => {
  const clone = join(folder, 'clone');
  await run('git', ['clone', '--quiet', '-c', 'core.autocrlf=true', workspace, clone]);
  await utimes(join(clone, 'a/b.txt'), 1, 1);
  await chmod(join(clone, 'a/b.txt'), 0o600);
  await writeFile(join(clone, 'untracked'), 'x');
  const archives = [];
  for (const [index, root] of [workspace, workspace, clone].entries())
    archives.push(await writeArchive({ workspace: root, output: join(folder, `out${index}`) }));
  const [first, ...others] = await Promise.all(archives.map(({ archive }) => readFile(archive)));
  for (const other of others) assert.ok(first?.equals(other));
  assert.deepEqual(
    archives.map(({ integrity }) => integrity),
    Array(3).fill(archives[0]?.integrity),
  );
});

test('holds every file of the commit as it is, with owner and time of nobody', async () => {
  const output = join(folder, 'held');
  const { archive, sha256, integrity, stripPrefix } = await writeArchive({ workspace, output });
  await run('tar', ['-xzf', archive, '-C', output]);
  const root = join(output, stripPrefix);
  assert.equal(stripPrefix, 'fathom-1.2.3');
  assert.deepEqual(await readFile(join(root, 'bytes')), BYTES);
  assert.equal(await readFile(join(root, 'a/b.txt'), 'utf8'), 'b\n');
  assert.equal((await stat(join(root, 'program'))).mode & 0o111, 0o111);
  assert.equal(await readlink(join(root, 'link')), 'a/b.txt');
  const { stdout } = await run('tar', ['--numeric-owner', '--utc', '-tvzf', archive]);
  for (const line of stdout.trim().split('\n')) assert.match(line, /^\S+ 0\/0 +\d+ 1980-01-01 00:00 /);
  const hash = createHash('sha256').update(await readFile(archive));
  assert.equal(hash.copy().digest('hex'), sha256);
  assert.equal(`sha256-${hash.digest('base64')}`, integrity);
});

test('says what a WORKSPACE loads it with', async () => {
  const release = await writeArchive({ workspace, output: join(folder, 'lines'), url: 'https://example.com/f.tar.gz' });
  assert.equal(
    workspaceLines(release),
    `load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")

http_archive(
    name = "fathom",
    sha256 = "${release.sha256}",
    strip_prefix = "fathom-1.2.3",
    urls = ["https://example.com/f.tar.gz"],
)
`,
  );
});

test('says what a MODULE.bazel loads it by', async () => {
  const release = await writeArchive({ workspace, output: join(folder, 'lines'), url: 'https://example.com/f.tar.gz' });
  assert.equal(
    moduleLines(release),
    `bazel_dep(name = "fathom")
archive_override(
    module_name = "fathom",
    integrity = "${release.integrity}",
    strip_prefix = "fathom-1.2.3",
    urls = ["https://example.com/f.tar.gz"],
)
`,
  );
});

test('adds a version to a registry, and leaves those that are there', async () => {
  const output = join(folder, 'registered');
  const newer = await commit('newer', {
    ...GOOD,
    'package.json': '{ "version": "1.10.0" }',
    'package-lock.json': lock('1.10.0', '1.10.0'),
  });
  for (const root of [newer, workspace, workspace])
    await writeRegistry(await writeArchive({ workspace: root, output }), output);
  const module = join(output, 'registry', 'modules', 'fathom');
  const read = async (path: string) => readFile(join(module, path), 'utf8');
  assert.deepEqual((JSON.parse(await read('metadata.json')) as { versions: unknown }).versions, ['1.2.3', '1.10.0']);
  const { integrity } = await writeArchive({ workspace, output });
  assert.deepEqual(JSON.parse(await read('1.2.3/source.json')), {
    url: `file://${output}/fathom-1.2.3.tar.gz`,
    integrity,
    strip_prefix: 'fathom-1.2.3',
  });
  assert.equal(
    await read('1.2.3/MODULE.bazel'),
    'module(\n    name = "fathom",\n    version = "1.2.3",\n)\n\nbazel_dep(name = "platforms", version = "0.0.10")\n',
  );
});

test('finds one version in the files of this repository', async () => {
  const files = ['package.json', 'package-lock.json', 'MODULE.bazel'];
  const entries = await Promise.all(
    files.map(async (path) => ({ path, kind: 'file' as const, content: await readFile(runfile(`fathom/${path}`)) })),
  );
  moduleFile(entries, versionOf(entries));
});

const MODULE = 'module(name = "fathom", version = "1.2.4")\n';
for (const [name, files, code] of [
  ['no version', { 'package.json': '{}' }, 'RELEASE_VERSION'],
  ['a version that is none', { 'package.json': '{ "version": "v1" }' }, 'RELEASE_VERSION'],
  ['another version in MODULE.bazel', { ...GOOD, 'MODULE.bazel': MODULE }, 'RELEASE_VERSION'],
  ['another version in package-lock.json', { ...GOOD, 'package-lock.json': lock('1.2.2', '1.2.3') }, 'RELEASE_VERSION'],
  [
    "another version in package-lock.json's own entry",
    { ...GOOD, 'package-lock.json': lock('1.2.3', '1.2.2') },
    'RELEASE_VERSION',
  ],
  ['a package-lock.json without a version', { ...GOOD, 'package-lock.json': '{}' }, 'RELEASE_VERSION'],
  ['no MODULE.bazel', { 'package.json': GOOD['package.json'] ?? '' }, 'RELEASE_NO_MODULE'],
  ['a module of another name', { ...GOOD, 'MODULE.bazel': 'module(name = "x")\n' }, 'RELEASE_NO_MODULE'],
] as const) {
  test(`refuses ${name}`, async () => {
    const root = await commit(name.replaceAll(/\W/g, '_'), files);
    const output = join(folder, 'refused');
    const releasing = async () => writeRegistry(await writeArchive({ workspace: root, output }), output);
    await assert.rejects(
      releasing,
      (error) => error instanceof ToolError && error.code === code && error.hint !== undefined,
    );
  });
}

test('refuses a commit that there is not, and other bytes for a version of a registry', async () => {
  await assert.rejects(writeArchive({ workspace, commit: 'nowhere', output: folder }), { code: 'RELEASE_TREE' });
  const output = join(folder, 'changed');
  await writeRegistry(await writeArchive({ workspace, output }), output);
  const changed = await commit('changed_later', { ...GOOD, 'a/b.txt': 'c\n' });
  await assert.rejects(writeRegistry(await writeArchive({ workspace: changed, output }), output), {
    code: 'RELEASE_REGISTRY',
  });
});
