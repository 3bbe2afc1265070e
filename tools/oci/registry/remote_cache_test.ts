import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { digestOf } from '../../lib/digest.ts';
import { imageDigest } from '../image/oci_image.ts';
import { startBazelRemote } from '../testing/bazel_remote.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { peerPath } from '../testing/peers.ts';
import { HTPASSWD, USER, freePort } from '../testing/real_registry.ts';
import { layeredImage, noise, scratchFolder } from '../testing/sample_image.ts';
import { pushImages } from './push.ts';
import { openRemoteCache, parseCacheAddress, parseCacheHeaders } from './remote_cache.ts';

const signal = new AbortController().signal;
const options = { plainHttp: true, log: createLog(() => undefined), signal };
const PROGRAM = peerPath('BAZEL_REMOTE');

/** Several of the messages that the cache sends a blob in. */
const BYTES = noise(5_000_011, 'cached');
const BLOB = { mediaType: 'application/octet-stream', digest: digestOf(BYTES), size: BYTES.length };

async function read(
  url: string,
  range = { offset: 0, size: BLOB.size },
  more: { env?: Record<string, string>; idleMs?: number } = {},
) {
  const cache = await openRemoteCache(url, { signal, env: {}, ...more });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of cache.read({ blob: BLOB, ...range })) chunks.push(chunk);
  } finally {
    cache.close();
  }
  return Buffer.concat(chunks);
}

for (const kind of ['http', 'grpc'] as const) {
  test(`reads a blob and parts of it over ${kind}`, async () => {
    await using folder = await scratchFolder();
    await using remote = await startBazelRemote(PROGRAM, folder.path);
    await remote.put(BYTES);
    assert.ok((await read(remote[kind])).equals(BYTES));
    for (const [offset, size] of [
      [0, 10],
      [3_000_000, 2_000_011],
      [17, 1_500_000],
      [5, 0],
    ] as const) {
      assert.ok(
        (await read(remote[kind], { offset, size })).equals(BYTES.subarray(offset, offset + size)),
        `${offset}`,
      );
    }
  });

  test(`says that the cache lacks a blob, over ${kind}`, async () => {
    await using folder = await scratchFolder();
    await using remote = await startBazelRemote(PROGRAM, folder.path);
    await assert.rejects(read(remote[kind]), {
      code: 'OCI_CACHE_LACKS',
      message: `Reading blob ${BLOB.digest} of the remote cache ${remote[kind]}: it does not have it`,
    });
  });

  test(`logs in by the headers of the environment, over ${kind}`, async () => {
    await using folder = await scratchFolder();
    const authorization = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`;
    await using remote = await startBazelRemote(PROGRAM, folder.path, {
      htpasswd: HTPASSWD,
      headers: { authorization },
    });
    await remote.put(BYTES);
    const env = { FATHOM_REMOTE_CACHE_HEADERS: `authorization=${authorization}\n` };
    assert.ok((await read(remote[kind], undefined, { env })).equals(BYTES));
    await assert.rejects(read(remote[kind]), { code: 'OCI_CACHE_FAILED', message: /401|UNAUTHENTICATED/ });
  });

  test(`pushes an image whose layers are in the cache alone, over ${kind}, and reads none of them twice`, async () => {
    await using folder = await scratchFolder();
    await using remote = await startBazelRemote(PROGRAM, folder.path);
    await using registry = await startFakeRegistry();
    const files = [noise(300_000, 'base'), Buffer.from('app')];
    const image = await layeredImage(folder.path, 'a', files);
    for (const layer of image.layers) {
      await remote.put(await readFile(layer.path));
      await rm(layer.path);
    }
    const cached = { ...image, layers: image.layers.map((layer) => ({ ...layer, remoteCache: remote[kind] })) };
    const push = () =>
      pushImages([{ image: cached, repository: 'a', tags: ['v1'] }], {
        ...options,
        endpoint: registry.endpoint,
        chunkBytes: 100_000,
      });
    assert.equal((await push()).uploadedBlobs, 3);
    assert.equal(registry.manifests.get('a:v1'), imageDigest(image));
    const before = (await remote.accesses()).length;
    assert.deepEqual((await push()).requests, { HEAD: 1 });
    assert.equal((await remote.accesses()).length, before, 'the registry has all, so the cache is not asked');
  });

  test(`says that no cache answers, over ${kind}`, async () => {
    await assert.rejects(read(`${kind}://127.0.0.1:${await freePort()}`), {
      code: 'OCI_CACHE_FAILED',
      message:
        /^Reading blob sha256:[0-9a-f]+ of the remote cache [a-z]+:\/\/127\.0\.0\.1:\d+: .*(ECONNREFUSED|UNAVAILABLE)/,
    });
  });
}

test('takes a part out of the whole that a cache sends, and gives up on one that sends nothing', async () => {
  let isSilent = false;
  const server = createServer((_request, response) => {
    if (!isSilent) response.end(BYTES);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/folder`;
  try {
    assert.ok((await read(url, { offset: 100, size: 50 })).equals(BYTES.subarray(100, 150)));
    isSilent = true;
    await assert.rejects(read(url, undefined, { idleMs: 50 }), {
      code: 'OCI_CACHE_FAILED',
      message: /no byte for 0\.05 s$/,
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('reads addresses as Bazel writes them', () => {
  const parts = (text: string) => {
    const { kind, isTls, authority, path } = parseCacheAddress(text);
    return [kind, isTls, authority, path];
  };
  assert.deepEqual(parts('grpc://cache:9092'), ['grpc', false, 'cache:9092', '']);
  assert.deepEqual(parts('grpcs://cache/team'), ['grpc', true, 'cache:443', 'team']);
  assert.deepEqual(parts('cache:8980'), ['grpc', true, 'cache:8980', '']);
  assert.deepEqual(parts('https://cache/bazel/x/'), ['http', true, 'cache:443', 'bazel/x']);
  for (const text of ['unix:/run/x', 'ftp://x', 'grpc://', 'http://me:secret@cache']) {
    assert.throws(() => parseCacheAddress(text), { code: 'OCI_CACHE_ADDRESS' }, text);
  }
  assert.throws(
    () => parseCacheAddress('http://me:secret@cache'),
    (error) => !/secret/.test(String(error)),
  );
});

test('reads headers, and shows no value of those that it cannot read', () => {
  assert.deepEqual(
    [...parseCacheHeaders('Authorization=Bearer a=b\n\nx-team=red ')],
    [
      ['authorization', 'Bearer a=b'],
      ['x-team', 'red'],
    ],
  );
  assert.throws(
    () => parseCacheHeaders('x=1\nBearer s3cret'),
    (error) => /line 2/.test(String(error)) && !/s3cret/.test(String(error)),
  );
});
