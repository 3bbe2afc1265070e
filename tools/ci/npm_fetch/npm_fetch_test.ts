// `bazel run //tools/ci/npm_fetch`: in a workspace of its own, npm_packages and npm_pin ask the registry of its .npmrc.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { runfile } from '../../lib/runfiles.ts';
import { type Answer, type Loopback, startLoopback } from '../../packages/testing/loopback.ts';
import { endNested, nestedBazel } from '../nested/nested_bazel.ts';

const run = promisify(execFile);

const TOKEN = 'npm_aTokenThatNobodyMaySee';
const NAME = '@own/greeting';

const folder = await mkdtemp(join(tmpdir(), 'fathom-npm-fetch-'));
const workspace = join(folder, 'workspace');
const userNpmrc = join(folder, 'user.npmrc');
const env = { ...process.env, OWN_TOKEN: TOKEN, npm_config_userconfig: userNpmrc };
const bazel = nestedBazel({ folder, workspace, env });
const repository = join(folder, 'out', 'external', 'npm');

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
}

const archive = await (async () => {
  const tar = pack();
  tar.entry({ name: 'package/package.json' }, JSON.stringify({ name: NAME, version: '1.0.0' }));
  tar.entry({ name: 'package/index.js' }, 'module.exports = "hello";\n');
  tar.finalize();
  return gzipSync(await buffer(tar));
})();
const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;

/** Lets in those with the token alone; to others it says what they sent, as some registries do. */
function guarded(answer: Answer): Answer {
  return (request, response, count) => {
    if (request.headers.authorization === `Bearer ${TOKEN}`) return answer(request, response, count);
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: `no such token: ${request.headers.authorization?.split(' ')[1]}` }));
  };
}

/** A registry of one package below a path. */
function startRegistry(path: string): Promise<Loopback> {
  return startLoopback({
    [`/${path}/@own%2fgreeting`]: guarded((request, response) => {
      const tarball = `http://${request.headers.host}/${path}/greeting.tgz`;
      const versions = { '1.0.0': { name: NAME, version: '1.0.0', dist: { tarball, integrity } } };
      response.end(JSON.stringify({ name: NAME, 'dist-tags': { latest: '1.0.0' }, versions }));
    }),
    [`/${path}/greeting.tgz`]: guarded((_request, response) => void response.end(archive)),
  });
}

/** A configuration: a registry for a scope, its token, and a cache, by a relative path unless told otherwise. */
function npmrc(registry: Loopback, path: string, token: string, cache = 'npm-cache'): string {
  const address = `${registry.url}/${path}/`;
  const lines = [`@own:registry=${address}`, `${address.replace('http:', '')}:_authToken=${token}`];
  return [...lines, `cache=${cache}`, 'install-strategy=linked', 'fetch-retries=0', ''].join('\n');
}

before(async () => {
  const root = { name: 'app', version: '1.0.0', dependencies: { [NAME]: '1.0.0' } };
  const packages = { '': root, [`node_modules/${NAME}`]: { version: '1.0.0', integrity } };
  await write({
    WORKSPACE: `workspace(name = "fetching")

local_repository(
    name = "fathom",
    path = ${JSON.stringify(process.env['BUILD_WORKSPACE_DIRECTORY'])},
)

# All that the rule needs of Fathom's own packages is node.
local_repository(
    name = "fathom_npm",
    path = "node",
)

load("@fathom//tools/packages:defs.bzl", "npm_packages")
load("@fathom//tools/packages/private:npm_archive.bzl", "npm_archive")

npm_archive(
    name = "greeting",
    lock = "//app:package-lock.json",
    package = ${JSON.stringify(NAME)},
)

npm_packages(
    name = "npm",
    lock = "//app:package-lock.json",
)
`,
    'node/WORKSPACE': '',
    'node/BUILD.bazel': 'exports_files(["node"])\n',
    'app/BUILD.bazel': '',
    'app/package.json': JSON.stringify(root),
    'app/package-lock.json': JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
  });
  await symlink(process.execPath, join(workspace, 'node', 'node'));
});

beforeEach(() => rm(join(workspace, 'app', 'npm-cache'), { recursive: true, force: true }));

after(() => endNested(folder, bazel));

const query = (label = `@npm//${NAME}`) => bazel('query', '--noshow_progress', label);

async function refused(label?: string): Promise<string> {
  const error = await query(label).then(
    () => assert.fail('the fetch succeeds'),
    (reason: { readonly stdout: string; readonly stderr: string }) => reason,
  );
  return error.stdout + error.stderr;
}

test('asks the registry of the .npmrc beside the lock, with its token of a variable, and keeps nothing of it', async () => {
  await using registry = await startRegistry('first');
  await write({ 'app/.npmrc': npmrc(registry, 'first', '${OWN_TOKEN}') });
  await query();
  assert.ok(registry.asked.includes('/first/greeting.tgz'), registry.asked.join(' '));
  const file = join(repository, `store/@own+greeting@1.0.0/node_modules/${NAME}/index.js`);
  assert.match(await readFile(file, 'utf8'), /hello/);
  assert.ok(existsSync(join(workspace, 'app/npm-cache')), 'paths are relative to the folder of .npmrc');
  assert.ok(!existsSync(join(repository, '.npmrc')));
  assert.match(await readFile(join(workspace, 'app/.npmrc'), 'utf8'), /OWN_TOKEN/);
});

test('fetches again when .npmrc was edited', async () => {
  await using registry = await startRegistry('second');
  await write({ 'app/.npmrc': npmrc(registry, 'second', TOKEN) });
  await query();
  assert.ok(registry.asked.includes('/second/greeting.tgz'), registry.asked.join(' '));
});

test('shows no token, though a registry does', async () => {
  await using registry = await startRegistry('third');
  const secret = 'npm_anotherTokenThatIsWrong';
  await write({ 'app/.npmrc': npmrc(registry, 'third', secret) });
  const said = await refused();
  assert.match(
    said,
    /@npm: error: NPM_FAILED: Installing the packages of \/\/app:package-lock\.json: E401 .*no such token: \*\*\*/,
  );
  assert.ok(!said.includes(secret), said);
  const other = await refused('@greeting//:package');
  assert.match(other, /@greeting: Fetching @own\/greeting@1\.0\.0: [^]*no such token: \*\*\*/);
  assert.ok(!other.includes(secret), other);
});

test('asks that registry for a package of another machine, too', async () => {
  await using registry = await startRegistry('fourth');
  await write({ 'app/.npmrc': npmrc(registry, 'fourth', TOKEN) });
  await query('@greeting//:package');
  assert.ok(registry.asked.includes('/fourth/greeting.tgz'), registry.asked.join(' '));
  const greeting = join(folder, 'out', 'external', 'greeting');
  assert.match(await readFile(join(greeting, 'content/index.js'), 'utf8'), /hello/);
  assert.ok(!existsSync(join(greeting, '.npmrc')));
});

// After all that need a .npmrc: an old Bazel does not see that there is one again.
test('fetches again by the configuration of the user alone when .npmrc is gone', async () => {
  await using registry = await startRegistry('user');
  await writeFile(userNpmrc, npmrc(registry, 'user', TOKEN, join(folder, 'cache')));
  await rm(join(workspace, 'app/.npmrc'));
  await query();
  assert.ok(registry.asked.includes('/user/greeting.tgz'), registry.asked.join(' '));
});

test('pins by the same configuration', async () => {
  await using registry = await startRegistry('fifth');
  await write({
    'pinned/.npmrc': npmrc(registry, 'fifth', '${OWN_TOKEN}'),
    'pinned/package.json': JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { [NAME]: '1.0.0' } }),
  });
  await run(runfile('fathom/tools/packages/npm_pin'), [join(workspace, 'pinned/package.json')], { env });
  assert.ok(registry.asked.includes('/fifth/greeting.tgz'), registry.asked.join(' '));
  const { packages } = JSON.parse(await readFile(join(workspace, 'pinned/package-lock.json'), 'utf8'));
  assert.equal(packages[`node_modules/${NAME}`].integrity, integrity);
  assert.ok(existsSync(join(workspace, 'pinned/npm-cache')), 'paths are relative to the folder of .npmrc');
});
