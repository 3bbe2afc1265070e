import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { type Answer, startLoopback } from './loopback.ts';

const run = promisify(execFile);
const hash = (algorithm: string, bytes: Uint8Array, encoding: 'hex' | 'base64' = 'hex') =>
  createHash(algorithm).update(bytes).digest(encoding);

const BYTES = Buffer.from('a package\n');
const FLIPPED = Buffer.from('a Package\n');

/** An empty folder, with a cache and a home of its own. */
function scratch() {
  const folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'kind-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const cached = join(userInfo().homedir, '.cache', 'fathom', 'bin');
  const env = { PATH: `${process.env['PATH']}:${cached}`, HOME: home, FATHOM_CACHE: join(folder, 'cache') };
  return { folder, home, env };
}

/** Runs what a repository rule runs; its standard error where it fails. */
async function stage0(main: string, request: object, { folder, env }: { folder: string; env: NodeJS.ProcessEnv }) {
  const flags = ['--disable-warning=ExperimentalWarning', '--preserve-symlinks', '--preserve-symlinks-main'];
  const path = resolve(`tools/packages/fetch/${main}`);
  return run(process.execPath, [...flags, path, JSON.stringify(request)], { cwd: folder, env }).then(
    () => '',
    (error: { readonly stderr: string }) => error.stderr,
  );
}

const DEB = {
  kind: 'debian',
  archive: 'debian-security',
  path: 'pool/a_1.deb',
  snapshot: '20260101T000000Z',
  mirrors: [],
  file: 'a_1.deb',
  sha256: hash('sha256', BYTES),
  output: 'a.deb',
};

test('Debian: refuses a changed byte, with file, expected and found hash', async () => {
  await using server = await startLoopback({ '/debian-security/pool/a_1.deb': FLIPPED });
  const { folder, env } = scratch();
  const said = await stage0('fetch_main.ts', DEB, {
    folder,
    env: { ...env, FATHOM_DEBIAN_MIRROR: `${server.url}/debian` },
  });
  assert.equal(
    said.split('\n')[0],
    `error: PACKAGE_CHANGED: Fetching a_1.deb from ${server.url}/debian-security/pool/a_1.deb: ` +
      `expected sha256:${DEB.sha256}, found sha256:${hash('sha256', FLIPPED)}`,
  );
  assert.ok(!existsSync(join(folder, 'a.deb')));
});

test('Debian: takes a version that left the mirror from the snapshot of the lock', async () => {
  const snapshot = '/archive/debian-security/20260101T000000Z/pool/a_1.deb';
  await using server = await startLoopback({ [snapshot]: BYTES });
  const { folder, env } = scratch();
  const both = { FATHOM_DEBIAN_MIRROR: `${server.url}/debian`, FATHOM_DEBIAN_SNAPSHOTS: `${server.url}/archive/` };
  assert.equal(await stage0('fetch_main.ts', DEB, { folder, env: { ...env, ...both } }), '');
  assert.deepEqual(server.asked, ['/debian-security/pool/a_1.deb', snapshot]);
  assert.deepEqual(readFileSync(join(folder, 'a.deb')), BYTES);
});

test('Debian: names mirror and snapshot where neither has the version, and how to go on', async () => {
  await using server = await startLoopback({});
  const { folder, env } = scratch();
  const both = { FATHOM_DEBIAN_MIRROR: `${server.url}/debian`, FATHOM_DEBIAN_SNAPSHOTS: `${server.url}/archive` };
  const said = await stage0('fetch_main.ts', DEB, { folder, env: { ...env, ...both } });
  assert.match(said, /PACKAGE_GONE: Fetching a_1\.deb: .*\/debian-security\/pool.*404.*\/archive\/.*404/);
  assert.match(said, /hint: .*debian_pin.*FATHOM_DEBIAN_SNAPSHOTS/);
});

const JAR = {
  kind: 'maven',
  path: 'g/a/1/a-1.jar',
  file: 'a-1.jar',
  sha256: DEB.sha256,
  output: 'a.jar',
  super_pom: null,
};

test('Maven: refuses a changed byte of a mirror that is a folder', async () => {
  const { folder, env } = scratch();
  mkdirSync(join(folder, 'm2/g/a/1'), { recursive: true });
  writeFileSync(join(folder, 'm2', JAR.path), FLIPPED);
  const mirror = pathToFileURL(join(folder, 'm2')).href;
  const said = await stage0('fetch_main.ts', JAR, { folder, env: { ...env, FATHOM_MAVEN_MIRROR: mirror } });
  assert.match(
    said,
    new RegExp(
      `PACKAGE_CHANGED: Fetching a-1\\.jar from file:.*${JAR.sha256}, found sha256:${hash('sha256', FLIPPED)}`,
    ),
  );
});

test('Maven: takes artifacts from the mirror of settings.xml', async () => {
  await using server = await startLoopback({ '/m2/g/a/1/a-1.jar': BYTES });
  const { folder, home, env } = scratch();
  mkdirSync(join(home, '.m2'));
  const mirror = `<mirror><id>m</id><mirrorOf>*</mirrorOf><url>${server.url}/m2</url></mirror>`;
  writeFileSync(join(home, '.m2/settings.xml'), `<settings><mirrors>${mirror}</mirrors></settings>`);
  assert.equal(await stage0('fetch_main.ts', JAR, { folder, env }), '');
  assert.deepEqual(readFileSync(join(folder, 'a.jar')), BYTES);
});

test('Maven: takes artifacts from where Maven does, without a configuration', async () => {
  await using server = await startLoopback({});
  const { folder, env } = scratch();
  const central = `<repository><id>central</id><url>${server.url}/m2</url></repository>`;
  writeFileSync(join(folder, 'super.xml'), `<project><repositories>${central}</repositories></project>`);
  const said = await stage0('fetch_main.ts', { ...JAR, super_pom: 'super.xml' }, { folder, env });
  assert.match(said, /PACKAGE_GONE: Fetching a-1\.jar: .*\/m2\/g\/a\/1\/a-1\.jar: 404/);
  assert.match(said, /hint: .*maven_pin/);
});

/** A zip archive of `folder`'s entry `name`, as Python writes it. */
async function zip(folder: string, names: readonly string[]): Promise<Buffer> {
  const archive = join(folder, `${names[0]?.replaceAll('/', '_')}.zip`);
  rmSync(archive, { force: true });
  await run('python3', ['-m', 'zipfile', '-c', archive, ...names], { cwd: folder });
  return readFileSync(archive);
}

/** A small wheel. */
async function wheel(folder: string, code: string): Promise<Buffer> {
  const info = join(folder, 'pk-1.0.dist-info');
  mkdirSync(info, { recursive: true });
  writeFileSync(join(folder, 'pk.py'), code);
  writeFileSync(join(info, 'METADATA'), 'Metadata-Version: 2.1\nName: pk\nVersion: 1.0\n');
  writeFileSync(join(info, 'WHEEL'), 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n');
  writeFileSync(
    join(info, 'RECORD'),
    'pk.py,,\npk-1.0.dist-info/METADATA,,\npk-1.0.dist-info/WHEEL,,\npk-1.0.dist-info/RECORD,,\n',
  );
  return zip(folder, ['pk.py', 'pk-1.0.dist-info']);
}

const WHEEL_NAME = 'pk-1.0-py3-none-any.whl';
const INDEX: Readonly<Record<string, Answer>> = {
  '/simple/pk/': (_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!DOCTYPE html><html><body><a href="/${WHEEL_NAME}">${WHEEL_NAME}</a></body></html>`);
  },
};

for (const [what, change] of [
  ['another file', (folder: string) => wheel(folder, 'x = 2\n')],
  [
    'a flipped byte',
    async (folder: string) => {
      const bytes = await wheel(folder, 'x = 1\n');
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      return bytes;
    },
  ],
] as const) {
  test(`PyPI: refuses ${what}, with file, expected and found hash, by pip's own configuration`, async () => {
    const { folder, env } = scratch();
    const sha256 = hash('sha256', await wheel(folder, 'x = 1\n'));
    const changed = await change(folder);
    await using server = await startLoopback({ ...INDEX, [`/${WHEEL_NAME}`]: changed });
    const request = { ...PINNED_WHEEL, sha256 };
    const said = await stage0('fetch_main.ts', request, { folder, env: { ...env, ...pipEnv(server.url) } });
    assert.match(
      said,
      new RegExp(
        `PACKAGE_CHANGED: Fetching ${WHEEL_NAME} from .*: expected sha256:${sha256}, found sha256:${hash('sha256', changed)}`,
      ),
    );
    assert.ok(!existsSync(join(folder, 'wheel.zip')));
  });
}

const PINNED_WHEEL = {
  kind: 'pypi',
  requirement: 'pk==1.0',
  platform: 'any',
  python: '3.13',
  file: WHEEL_NAME,
  output: 'wheel.zip',
};

function pipEnv(url: string) {
  return { PIP_CONFIG_FILE: '/dev/null', PIP_INDEX_URL: `${url}/simple/`, PIP_RETRIES: '0' };
}

test('PyPI: keeps a wheel for all workspaces', async () => {
  const { folder, env } = scratch();
  const good = await wheel(folder, 'x = 1\n');
  await using server = await startLoopback({ ...INDEX, [`/${WHEEL_NAME}`]: good });
  const request = { ...PINNED_WHEEL, sha256: hash('sha256', good) };
  const where = { folder, env: { ...env, ...pipEnv(server.url) } };
  assert.equal(await stage0('fetch_main.ts', request, where), '');
  const count = server.asked.length;
  assert.equal(await stage0('fetch_main.ts', request, where), '');
  assert.equal(server.asked.length, count);
  assert.deepEqual(readFileSync(join(folder, 'wheel.zip')), good);
});

test('PyPI: says of a version that is gone what pip says, and how to go on', async () => {
  const { folder, env } = scratch();
  await using server = await startLoopback({});
  const request = { ...PINNED_WHEEL, sha256: DEB.sha256 };
  const said = await stage0('fetch_main.ts', request, { folder, env: { ...env, ...pipEnv(server.url) } });
  assert.match(said, /PACKAGE_UNREACHABLE: Fetching pk-1\.0-py3-none-any\.whl: pip has no pk==1\.0 for any/);
  assert.match(said, /hint: .*pin another one/);
});

/** An npm package. */
async function npmArchive(code: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'package/package.json' }, '{"name":"aa","version":"1.0.0"}');
  archive.entry({ name: 'package/index.js' }, code);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** Runs `npm ci` against a registry that has `archive`, and explains its failure as npm_packages does. */
async function npmCi(archive: Buffer, { integrity, wanted }: { readonly integrity: string; readonly wanted: string }) {
  const { folder, env } = scratch();
  const dist = { tarball: '', integrity, shasum: '' };
  await using server = await startLoopback({
    '/aa': (request, response) => {
      const tarball = `http://${request.headers.host}/aa.tgz`;
      const version = (number: string) => ({ name: 'aa', version: number, dist: { ...dist, tarball } });
      const versions = { '1.0.0': version('1.0.0'), '2.0.0': version('2.0.0') };
      response.end(JSON.stringify({ name: 'aa', 'dist-tags': { latest: '1.0.0' }, versions }));
    },
    '/aa.tgz': archive,
  });
  const [name = ''] = wanted.split('@');
  const root = { name: 'x', version: '1.0.0', dependencies: { [name]: '1.0.0' } };
  const packages = { '': root, [`node_modules/${name}`]: { version: '1.0.0', integrity } };
  const dependencies = { [name]: wanted.split('@')[1] };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...root, dependencies }));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }),
  );
  const flags = ['--json', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=0'];
  const failure = await run('npm', ['ci', ...flags, `--registry=${server.url}`], { cwd: folder, env }).then(
    () => undefined,
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  if (failure === undefined) return '';
  const request = {
    kind: 'npm',
    lock: 'package-lock.json',
    shown: '//:package-lock.json',
    output: failure.stdout,
    said: failure.stderr,
  };
  return await stage0('explain_main.ts', request, { folder, env });
}

test('npm: installs what its lock pins', async () => {
  const archive = await npmArchive('1');
  assert.equal(
    await npmCi(archive, { integrity: `sha512-${hash('sha512', archive, 'base64')}`, wanted: 'aa@1.0.0' }),
    '',
  );
});

test('npm: refuses a changed byte, with package, expected and found hash', async () => {
  const [archive, changed] = [await npmArchive('1'), await npmArchive('2')];
  const [expected, found] = [archive, changed].map((bytes) => `sha512-${hash('sha512', bytes, 'base64')}`);
  const said = await npmCi(changed, { integrity: expected ?? '', wanted: 'aa@1.0.0' });
  const start = "error: PACKAGE_CHANGED: Fetching aa@1.0.0 from npm's registry or cache: ";
  assert.equal(said.split('\n')[0], `${start}expected ${expected}, found ${found}`);
});

test('npm: says of a package that is gone, and of a lock that does not match, how to go on', async () => {
  const archive = await npmArchive('1');
  const integrity = `sha512-${hash('sha512', archive, 'base64')}`;
  assert.match(await npmCi(archive, { integrity, wanted: 'gone@1.0.0' }), /PACKAGE_GONE: .*\/gone[^]*hint: .*npm_pin/);
  const stale = await npmCi(archive, { integrity, wanted: 'aa@2.0.0' });
  assert.match(stale, /LOCK_STALE: Reading \/\/:package-lock\.json: .*aa@1\.0\.0 does not satisfy aa@2\.0\.0/);
});

/** A module proxy in a folder, with one module whose source has `word`. */
async function goProxy(folder: string, word: string): Promise<string> {
  const proxy = join(folder, `proxy-${word}`);
  const source = join(proxy, 'source', 'example.org', 'm@v1.0.0');
  const versions = join(proxy, 'example.org', 'm', '@v');
  mkdirSync(source, { recursive: true });
  mkdirSync(versions, { recursive: true });
  writeFileSync(join(source, 'go.mod'), 'module example.org/m\n\ngo 1.21\n');
  writeFileSync(join(source, 'm.go'), `package m\n\nconst Word = "${word}"\n`);
  cpSync(join(source, 'go.mod'), join(versions, 'v1.0.0.mod'));
  writeFileSync(join(versions, 'v1.0.0.info'), '{"Version":"v1.0.0"}');
  const files = ['go.mod', 'm.go'].map((name) => `example.org/m@v1.0.0/${name}`);
  writeFileSync(join(versions, 'v1.0.0.zip'), await moduleZip(join(proxy, 'source'), files));
  return pathToFileURL(proxy).href;
}

/** Python's command line keeps no folders in names: a module's zip is written by its library. */
async function moduleZip(folder: string, names: readonly string[]): Promise<Buffer> {
  const archive = join(folder, 'm.zip');
  const program = 'import sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],"w") as z:\n for n in sys.argv[2:]: z.write(n)';
  await run('python3', ['-c', program, archive, ...names], { cwd: folder });
  return readFileSync(archive);
}

/** A module that requires example.org/m, its go.sum by the proxy of the word `good`. */
async function goModule() {
  const { folder, env: base } = scratch();
  const goroot = realpathSync(resolve(process.env['GO'] ?? ''));
  const go = join(goroot, 'bin', 'go');
  const own = { GOROOT: goroot, GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw', GOSUMDB: 'off', GOWORK: 'off' };
  const env = (proxy: string, cache: string) => ({ ...base, ...own, GOPROXY: proxy, GOMODCACHE: join(folder, cache) });
  const src = join(folder, 'src');
  mkdirSync(src);
  writeFileSync(join(src, 'go.mod'), 'module x\n\ngo 1.21\n\nrequire example.org/m v1.0.0\n');
  writeFileSync(join(src, 'main.go'), 'package main\n\nimport "example.org/m"\n\nfunc main() { println(m.Word) }\n');
  const good = await goProxy(folder, 'good');
  const vendor = (proxy: string, cache: string) =>
    run(go, ['mod', 'vendor'], { cwd: src, env: env(proxy, cache) }).then(
      () => '',
      (error: { readonly stderr: string }) =>
        stage0(
          'explain_main.ts',
          { kind: 'go', go, folder: 'src', shown: '//x:go.mod', said: error.stderr },
          { folder, env: env(proxy, cache) },
        ),
    );
  const lock = () => run(go, ['mod', 'tidy'], { cwd: src, env: env(good, 'first') });
  return { folder, src, good, vendor, lock };
}

test('Go: vendors what its lock pins', async () => {
  const { good, vendor, lock } = await goModule();
  await lock();
  assert.equal(await vendor(good, 'second'), '');
});

test('Go: refuses a changed byte, with module, expected and found hash', async () => {
  const { folder, src, vendor, lock } = await goModule();
  await lock();
  const said = await vendor(await goProxy(folder, 'bad'), 'second');
  const expected = /^example\.org\/m v1\.0\.0 (h1:\S+)$/m.exec(readFileSync(join(src, 'go.sum'), 'utf8'))?.[1];
  const [, told, found] =
    /PACKAGE_CHANGED: Fetching example\.org\/m@v1\.0\.0 .*: expected (h1:\S+), found (h1:\S+)/.exec(said) ?? [];
  assert.equal(told, expected, said);
  assert.notEqual(found, expected);
});

test('Go: says of a module that is gone, and of a go.sum that does not match, how to go on', async () => {
  const { folder, src, good, vendor, lock } = await goModule();
  const stale = await vendor(good, 'second');
  assert.match(stale, /LOCK_STALE: Reading \/\/x:go\.mod: [^]*hint: .*go_pin/);
  await lock();
  mkdirSync(join(folder, 'empty'));
  const gone = await vendor(pathToFileURL(join(folder, 'empty')).href, 'third');
  assert.match(gone, /PACKAGE_UNREACHABLE: [^]*example\.org\/m@v1\.0\.0: [^]*hint: .*pin another one/);
  assert.ok(existsSync(join(src, 'go.sum')));
});
