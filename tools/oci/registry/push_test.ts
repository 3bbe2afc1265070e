import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { imageDigest } from '../image/oci_image.ts';
import { dropFirst, failFirst, startFakeRegistry } from '../testing/fake_registry.ts';
import { layeredIndex, sampleImage, scratchFolder } from '../testing/sample_image.ts';
import { type PushItem, pushImages } from './push.ts';

const log = createLog(() => undefined);

function push(
  endpoint: string,
  items: readonly PushItem[],
  more: { signal?: AbortSignal; retryDeadlineMs?: number; concurrency?: number } = {},
) {
  return pushImages(items, { endpoint, plainHttp: true, log, signal: new AbortController().signal, ...more });
}

function fails(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ToolError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.ok(error.hint);
    return true;
  };
}

const isBlobPut = ({ method, path }: { method: string; path: string }) => method === 'PUT' && path.includes('/blobs/');

test('pushes an image, and then asks one HEAD', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a/b', ['base', 'app']);
  const first = await push(registry.endpoint, [{ image, repository: 'a/b' }]);
  assert.deepEqual(first.results, [{ repository: 'a/b', digest: imageDigest(image) }]);
  assert.equal(first.uploadedBlobs, 3);
  assert.equal(registry.manifests.get(`a/b:${imageDigest(image)}`), imageDigest(image));
  const second = await push(registry.endpoint, [{ image, repository: 'a/b' }]);
  assert.deepEqual(second.requests, { HEAD: 1 });
});

test('uploads a blob of several images once, and mounts it in the others', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const names = ['one', 'two', 'three'];
  const items = await Promise.all(
    names.map(async (name) => ({ repository: name, image: await sampleImage(folder.path, name, ['base', name]) })),
  );
  const report = await push(registry.endpoint, items);
  assert.equal(report.uploadedBlobs, 1 + 3 + 3);
  assert.equal(report.mountedBlobs, 2);
});

test('mounts from an image that the registry has already, and asks for nothing but that', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const one = { repository: 'one', image: await sampleImage(folder.path, 'one', ['base']) };
  await push(registry.endpoint, [one]);
  const two = { repository: 'two', image: await sampleImage(folder.path, 'two', ['base']) };
  const report = await push(registry.endpoint, [one, two]);
  assert.deepEqual([report.mountedBlobs, report.uploadedBlobs], [1, 1]);
  // A mount, the upload of the configuration, the manifest.
  assert.deepEqual(report.requests, { HEAD: 2, POST: 2, PUT: 2 });
});

test('sends nothing that is there to a registry that mounts nothing, and asks it first from then on', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const imageOf = async (name: string, code: string) => ({
    repository: name,
    image: await sampleImage(folder.path, name, ['base', 'more', code]),
  });
  const kept = await imageOf('kept', 'a');
  const names = ['one', 'two', 'three'];
  await push(registry.endpoint, [kept, ...(await Promise.all(names.map((name) => imageOf(name, 'v1'))))]);
  registry.seen.length = 0;
  const sessions: string[] = [];
  registry.fault = (request, response, { path }) => {
    if (!path.includes('mount=')) return false;
    request.resume();
    // As if it had been asked to open an upload.
    const location = `${path.slice(0, path.indexOf('?'))}unused${sessions.push(path)}`;
    response.writeHead(202, { location }).end();
    return true;
  };
  const changed = await Promise.all(names.map((name) => imageOf(name, `${name} v2`)));
  const report = await push(registry.endpoint, [kept, ...changed], { concurrency: 1 });
  assert.equal(report.uploadedBlobs, 6, 'of each image the layer that is new, and the configuration');
  assert.equal(sessions.length, 1);
});

test('pushes a changed layer only', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  await push(registry.endpoint, [{ repository: 'a', image: await sampleImage(folder.path, 'a', ['base', 'v1']) }]);
  const report = await push(registry.endpoint, [
    { repository: 'a', image: await sampleImage(folder.path, 'a', ['base', 'v2']) },
  ]);
  assert.equal(report.uploadedBlobs, 2, 'the layer and the configuration');
  // The image and its layers are asked for, the configuration is not.
  assert.deepEqual(report.requests, { HEAD: 3, POST: 2, PUT: 3 });
});

test('reads no layer from a remote cache that the registry has, however small it is', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  await push(registry.endpoint, [{ repository: 'a', image: await sampleImage(folder.path, 'a', ['base', 'v1']) }]);
  const image = await sampleImage(folder.path, 'a', ['base', 'v2']);
  const [base, code] = image.layers;
  assert.ok(base !== undefined && code !== undefined);
  await rm(base.path);
  // Nobody answers there.
  const layers = [{ ...base, remoteCache: 'http://127.0.0.1:1' }, code];
  const report = await push(registry.endpoint, [{ repository: 'a', image: { ...image, layers } }]);
  assert.equal(report.uploadedBlobs, 2, 'the layer and the configuration');
});

test('writes a tag when the image is there under another one', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a', ['base']);
  await push(registry.endpoint, [{ repository: 'a', image, tags: ['v1'] }]);
  const report = await push(registry.endpoint, [{ repository: 'a', image, tags: ['v1', 'v2'] }]);
  assert.deepEqual(report.requests, { HEAD: 2, PUT: 1 });
  assert.equal(registry.manifests.get('a:v2'), imageDigest(image));
});

test('pushes the images of an index by their digests, each layer once, and the index last', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const index = await layeredIndex(folder.path, 'a/b', [Buffer.from('base'), Buffer.from('app')]);
  const items = [{ image: index, repository: 'a/b', tags: ['v1'] }];
  const report = await push(registry.endpoint, items);
  assert.deepEqual(report.results, [{ repository: 'a/b', digest: imageDigest(index) }]);
  assert.equal(report.uploadedBlobs, 2 + 2, 'two layers, and a configuration for each platform');
  const written = registry.seen.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
  const names = written.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  assert.deepEqual(new Set(names.slice(0, 2)), new Set(index.images.map(imageDigest)));
  assert.deepEqual(names.slice(2), ['v1']);
  assert.equal(registry.manifests.get('a/b:v1'), imageDigest(index));
  assert.deepEqual((await push(registry.endpoint, items)).requests, { HEAD: 3 });
});

test('leaves no tag of an index one of whose images could not be pushed', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const index = await layeredIndex(folder.path, 'a', [Buffer.from('base')]);
  const second = index.images[1]?.manifest.digest ?? '';
  registry.fault = failFirst(Infinity, 400, ({ method, path }) => method === 'PUT' && path.endsWith(second));
  await assert.rejects(
    push(registry.endpoint, [{ image: index, repository: 'a', tags: ['v1'] }]),
    fails('OCI_REJECTED', /400 UNKNOWN \(planted\)/),
  );
  assert.equal(registry.manifests.has('a:v1'), false);
});

test('refuses two images under one tag', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const [one, two] = [await sampleImage(folder.path, 'a', ['1']), await sampleImage(folder.path, 'a', ['2'])];
  const items = [one, two].map((image) => ({ repository: 'a', image, tags: ['v1'] }));
  await assert.rejects(push(registry.endpoint, items), fails('OCI_TAG_CONFLICT', /a:v1/));
});

for (const status of [429, 500, 502, 503]) {
  test(`tries a blob upload again after ${status}`, async () => {
    await using registry = await startFakeRegistry();
    await using folder = await scratchFolder();
    registry.fault = failFirst(1, status, isBlobPut);
    const image = await sampleImage(folder.path, 'a', ['base']);
    const report = await push(registry.endpoint, [{ repository: 'a', image }]);
    assert.equal(report.uploadedBlobs, 2);
    assert.equal(report.requests['POST'], 3, 'a new upload for the second try');
  });
}

test('waits as long as Retry-After asks', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  registry.fault = failFirst(1, 429, isBlobPut, { 'retry-after': '1' });
  const startMs = performance.now();
  await push(registry.endpoint, [{ repository: 'a', image: await sampleImage(folder.path, 'a', ['base']) }]);
  assert.ok(performance.now() - startMs >= 990);
});

test('uploads a blob anew after the connection broke in the midst of it', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  registry.fault = dropFirst(1, isBlobPut);
  const image = await sampleImage(folder.path, 'a', ['x'.repeat(3_000_000)]);
  await push(registry.endpoint, [{ repository: 'a', image }]);
  assert.equal(registry.manifests.size, 1);
});

test('gives up on a registry that keeps failing, and leaves no tag', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  registry.fault = failFirst(Infinity, 500, isBlobPut);
  const item = { repository: 'a', image: await sampleImage(folder.path, 'a', ['base']), tags: ['v1'] };
  const pushing = push(registry.endpoint, [item], { retryDeadlineMs: 500 });
  await assert.rejects(pushing, fails('OCI_REGISTRY_FAILED', /Pushing blob sha256:.*: 500 UNKNOWN \(planted\)/));
  assert.equal(registry.manifests.size, 0);
});

test('says that no registry answers, at once, and how to start one', async () => {
  const registry = await startFakeRegistry();
  await registry[Symbol.asyncDispose]();
  await using folder = await scratchFolder();
  const item = { repository: 'a', image: await sampleImage(folder.path, 'a', ['base']) };
  const startMs = performance.now();
  await assert.rejects(push(registry.endpoint, [item]), (error) => {
    fails('OCI_REGISTRY_UNREACHABLE', /nothing answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)(error);
    return error instanceof ToolError && /fathom up/.test(error.hint ?? '');
  });
  assert.ok(performance.now() - startMs < 1000);
});

test('reports a blob whose bytes are not those of its digest, and does not repeat it', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a', ['base']);
  await writeFile(image.layers[0]?.path ?? '', 'BASE');
  await assert.rejects(
    push(registry.endpoint, [{ repository: 'a', image }]),
    fails('OCI_REJECTED', /400 DIGEST_INVALID/),
  );
  assert.equal(registry.manifests.size, 0);
});

test('reports a blob that is shorter than its descriptor says', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a', ['base']);
  await truncate(image.layers[0]?.path ?? '', 2);
  const pushing = push(registry.endpoint, [{ repository: 'a', image }]);
  await assert.rejects(pushing, fails('OCI_SOURCE_CHANGED', /ends before byte 4/));
});

test('refuses to be sent to another private address', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  registry.fault = (request, response, { method }) => {
    if (method !== 'POST') return false;
    request.resume();
    response.writeHead(202, { location: 'http://127.0.0.1:1/steal' }).end();
    return true;
  };
  const pushing = push(registry.endpoint, [{ repository: 'a', image: await sampleImage(folder.path, 'a', ['base']) }]);
  await assert.rejects(pushing, fails('OCI_REDIRECT_REFUSED', /http:\/\/127\.0\.0\.1:1/));
});

test('says that the registry wants a login', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  registry.fault = failFirst(Infinity, 401, () => true);
  const pushing = push(registry.endpoint, [{ repository: 'a', image: await sampleImage(folder.path, 'a', ['base']) }]);
  await assert.rejects(pushing, fails('OCI_UNAUTHORIZED', /401/));
});

test('ends with the reason of its signal', async () => {
  await using registry = await startFakeRegistry();
  await using folder = await scratchFolder();
  const controller = new AbortController();
  registry.fault = () => {
    controller.abort(new ToolError('INTERRUPTED', 'Running: interrupted', { hint: 'Again.' }));
    return true;
  };
  const item = { repository: 'a', image: await sampleImage(folder.path, 'a', ['base']) };
  await assert.rejects(
    push(registry.endpoint, [item], { signal: controller.signal }),
    fails('INTERRUPTED', /interrupted/),
  );
});
