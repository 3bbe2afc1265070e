// The remote cache of //prod:bazel_cache without a cluster: its nginx, out of its image, before a real bazel-remote.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { runfile } from '../tools/lib/runfiles.ts';
import { unpackImage } from '../tools/oci/check/unpack.ts';
import { readImage } from '../tools/oci/image/oci_image.ts';
import { inspectImage } from '../tools/oci/inspect/inspected.ts';
import { type BazelRemote, startBazelRemote } from '../tools/oci/testing/bazel_remote.ts';
import { peerPath } from '../tools/oci/testing/peers.ts';
import { freePort } from '../tools/oci/testing/real_registry.ts';

const PASSWORDS = { writer: 'w-password', reader: 'r-password' };
const MIB = 1 << 20;

let folder: string;
let store: BazelRemote;
let nginx: ChildProcess;
let url: string;
let log = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bazel-cache-'));
  const root = join(folder, 'root');
  const image = await readImage(runfile('fathom/prod/images/nginx/image.json'), (name) => runfile(name));
  await unpackImage({ image, inspected: await inspectImage(image, 'nginx'), folder: root, owners: false });
  store = await startBazelRemote(peerPath('BAZEL_REMOTE'), folder, { maxGiB: 1 });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await writeFile(join(folder, 'users'), await usersFile());
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  await writeFile(join(folder, 'nginx.conf'), await configured(port, temporary));
  // By the image's own loader: its C library may be newer than that of the machine.
  const libraries = [join(root, 'usr/lib/x86_64-linux-gnu'), '--argv0', 'nginx'];
  // Where this is root it is so in a sandbox, where there is no other user that nginx could become.
  const asRoot = process.getuid?.() === 0 ? ['-g', 'user root root;'] : [];
  const args = ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), ...asRoot];
  nginx = spawn(
    join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    ['--library-path', ...libraries, join(root, 'usr/sbin/nginx'), ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  nginx.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const deadline = AbortSignal.timeout(20_000);
  const isUp = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isUp())) {
    assert.equal(nginx.exitCode, null, log);
    deadline.throwIfAborted();
    await sleepFor(50);
  }
});

after(async () => {
  if (nginx?.exitCode === null && nginx.signalCode === null) {
    const ended = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await ended;
  }
  await store?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What the Secret has once the engine has filled it in. */
async function usersFile(): Promise<string> {
  const { stringData } = JSON.parse(
    await readFile(runfile('fathom/prod/manifests/bazel_cache/users.json'), 'utf8'),
  ) as {
    readonly stringData: { readonly users: string };
  };
  return Object.entries(PASSWORDS).reduce(
    (text, [user, password]) => text.replace(`\${fathom-secret://generated/bazel-cache#${user}}`, password),
    stringData.users,
  );
}

/** The configuration, with this test's ports and folders in the place of the pod's. */
async function configured(port: number, temporary: string): Promise<string> {
  const places = [
    // First: what the others become is below /tmp as well.
    [' /tmp/', ` ${temporary}/`],
    ['listen 8000;', `listen 127.0.0.1:${port};`],
    ['127.0.0.1:8080', new URL(store.http).host],
    ['/run/secrets/bazel-cache/users', join(folder, 'users')],
  ] as const;
  const text = await readFile(runfile('fathom/prod/bazel_cache.conf'), 'utf8');
  return places.reduce((done, [there, here]) => {
    assert.ok(done.includes(there), there);
    return done.replaceAll(there, here);
  }, text);
}

type User = keyof typeof PASSWORDS;

async function ask(
  method: string,
  path: string,
  {
    user,
    password = user === undefined ? '' : PASSWORDS[user as User],
    body,
  }: { user?: string; password?: string; body?: Uint8Array<ArrayBuffer> } = {},
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: user === undefined ? {} : { authorization },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
}

const bytes = (size: number) => new Uint8Array(randomBytes(size));
const casOf = (body: Uint8Array) => `/cas/${createHash('sha256').update(body).digest('hex')}`;

test('keeps what a writer puts, and gives it to writer and reader', async () => {
  const body = bytes(3 * MIB);
  const path = casOf(body);
  assert.equal((await ask('GET', path, { user: 'writer' })).status, 404);
  assert.equal((await ask('PUT', path, { user: 'writer', body })).status, 200);
  for (const user of ['writer', 'reader']) {
    assert.ok((await ask('GET', path, { user })).body.equals(body));
    assert.equal((await ask('HEAD', path, { user })).status, 200);
  }
});

test('knows an address with a path of its own', async () => {
  const body = bytes(10);
  assert.equal((await ask('PUT', `/team${casOf(body)}`, { user: 'writer', body })).status, 200);
  assert.ok((await ask('GET', `/team${casOf(body)}`, { user: 'reader' })).body.equals(Buffer.from(body)));
});

test('refuses bytes that are not those of their digest', async () => {
  assert.notEqual((await ask('PUT', casOf(bytes(10)), { user: 'writer', body: bytes(10) })).status, 200);
});

for (const [who, login] of [
  ['nobody', {}],
  ['somebody unknown', { user: 'eve', password: 'x' }],
  ['a writer with the password of the reader', { user: 'writer', password: PASSWORDS.reader }],
  ['a writer with no password', { user: 'writer', password: '' }],
] as const) {
  test(`answers 401 to ${who}`, async () => {
    const body = bytes(10);
    for (const method of ['GET', 'HEAD', 'PUT']) {
      const answer = await ask(method, casOf(body), { ...login, ...(method === 'PUT' ? { body } : {}) });
      assert.equal(answer.status, 401, method);
    }
    assert.equal((await ask('GET', casOf(body), { user: 'writer' })).status, 404);
  });
}

test('lets a reader write nothing, and nobody delete', async () => {
  const body = bytes(10);
  assert.equal((await ask('PUT', casOf(body), { user: 'reader', body })).status, 403);
  assert.equal((await ask('GET', casOf(body), { user: 'reader' })).status, 404);
  for (const user of ['reader', 'writer']) assert.equal((await ask('DELETE', casOf(body), { user })).status, 403);
});

test('has nothing at other paths, and tells nobody how full it is', async () => {
  for (const path of ['/', '/status', '/metrics', '/cas/../status', '/cas/x']) {
    assert.equal((await ask('GET', path)).status, 401, path);
    assert.equal((await ask('GET', path, { user: 'writer' })).status, 404, path);
  }
});

test('has the quota of its manifest, below what its volume holds', async () => {
  const read = async (name: string) => readFile(runfile(`fathom/prod/manifests/bazel_cache/${name}.json`), 'utf8');
  const [, quota = '0'] = /--max_size=(\d+)"/.exec(await read('deployment')) ?? [];
  const [, volume = '0'] = /"storage": "(\d+)Gi"/.exec(await read('claim')) ?? [];
  assert.ok(Number(quota) >= 1 && Number(quota) < Number(volume), `${quota} of ${volume}`);
});

test('over its quota of 1 GiB, lets go what has not been asked for the longest', async () => {
  const put = async (body: Uint8Array<ArrayBuffer>) => {
    assert.equal((await ask('PUT', casOf(body), { user: 'writer', body })).status, 200);
    return casOf(body);
  };
  const isThere = async (path: string) => (await ask('HEAD', path, { user: 'reader' })).status === 200;
  const oldest = await put(bytes(MIB));
  const used = await put(bytes(MIB));
  const big = bytes(200 * MIB);
  for (let round = 0; round < 6; round++) {
    // Another blob of the same size; random bytes take longer than the rest of the test.
    big.set(randomBytes(16));
    await put(big);
    assert.ok(await isThere(used), `after ${round + 1} rounds`);
  }
  const newest = casOf(big);
  assert.deepEqual([await isThere(oldest), await isThere(newest)], [false, true]);
});
