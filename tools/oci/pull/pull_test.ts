import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { digestOf } from '../../lib/digest.ts';
import { createLog } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { type OciImage, imageBlobs, imageDigest } from '../image/oci_image.ts';
import { type Place, putManifest } from '../registry/exchanges.ts';
import { pushImages } from '../registry/push.ts';
import { createTransport } from '../registry/transport.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { PEERS, peerPath } from '../testing/peers.ts';
import { HTPASSWD, USER } from '../testing/real_registry.ts';
import { layeredImage, noise, scratchFolder } from '../testing/sample_image.ts';
import { choosePlatform } from '../image/platform.ts';
import { type PulledImage, resolveImage } from './resolve.ts';

const run = promisify(execFile);
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const signal = new AbortController().signal;
const options = { plainHttp: true, log: createLog(() => undefined), signal };

/** An image in a registry, and what pulling it says of it. */
async function pushed(place: Place, folder: string): Promise<{ image: OciImage; pulled: PulledImage }> {
  const { transport, repository } = place;
  const image = await layeredImage(folder, repository, [noise(300_000, 'base'), Buffer.from('app')]);
  await pushImages([{ repository, image }], { ...options, endpoint: transport.endpoint });
  const source = { registry: transport.endpoint, repository, plainHttp: true };
  const pulled = await resolveImage({ place, digest: imageDigest(image), platform: 'linux/amd64', source });
  return { image, pulled };
}

/** A pulled image as a push sees it: documents on disk, layers in their registry. */
async function described(pulled: PulledImage, folder: string, repository: string): Promise<OciImage> {
  const file = async (name: string, { bytes, digest, mediaType }: PulledImage['config']) => {
    await writeFile(join(folder, name), bytes);
    return { mediaType, digest, size: bytes.length, path: join(folder, name) };
  };
  return {
    repository,
    manifest: await file('manifest.json', pulled.manifest),
    config: await file('config.json', pulled.config),
    layers: pulled.layers.map((layer) => ({ ...layer, path: join(folder, 'absent') })),
  };
}

test('reads the documents of an image and none of its layers', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  const transport = createTransport({ ...options, endpoint: registry.endpoint });
  const { image, pulled } = await pushed({ transport, repository: 'a' }, folder.path);
  assert.equal(pulled.manifest.digest, imageDigest(image));
  assert.deepEqual(
    pulled.layers.map(({ digest, size }) => ({ digest, size })),
    image.layers.map(({ digest, size }) => ({ digest, size })),
  );
  assert.deepEqual(transport.counts, { GET: 2 });
  transport.close();
});

for (const [contentType, mediaType] of [
  [MEDIA_TYPE.manifest, MEDIA_TYPE.manifest],
  [`${DOCKER_MANIFEST}; charset=utf-8`, DOCKER_MANIFEST],
  ['application/octet-stream', MEDIA_TYPE.manifest],
] as const) {
  test(`reads a manifest without media type that comes as ${contentType}`, async () => {
    await using folder = await scratchFolder();
    await using registry = await startFakeRegistry();
    const { endpoint } = registry;
    const transport = createTransport({ ...options, endpoint });
    const place = { transport, repository: 'a' };
    const { image, pulled } = await pushed(place, folder.path);
    const { mediaType: _, ...manifest } = JSON.parse(await readFile(image.manifest.path, 'utf8'));
    const bytes = Buffer.from(JSON.stringify(manifest));
    await putManifest(place, { mediaType: contentType, bytes }, digestOf(bytes));
    const source = { registry: endpoint, repository: 'a', plainHttp: true };
    const found = await resolveImage({ place, digest: digestOf(bytes), platform: 'linux/amd64', source });
    assert.deepEqual(found, { ...pulled, manifest: { mediaType, digest: digestOf(bytes), bytes } });
    transport.close();
  });
}

test('chooses the image of an index by its platform', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  const { endpoint } = registry;
  const transport = createTransport({ ...options, endpoint });
  const place = { transport, repository: 'a' };
  const { image } = await pushed(place, folder.path);
  const { digest, size, mediaType } = image.manifest;
  const manifests = [{ mediaType, digest, size, platform: { os: 'linux', architecture: 'amd64' } }];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
  await putManifest(place, { mediaType: MEDIA_TYPE.index, bytes }, digestOf(bytes));
  const source = { registry: endpoint, repository: 'a', plainHttp: true };
  const resolve = (platform: string) => resolveImage({ place, digest: digestOf(bytes), platform, source });
  assert.equal((await resolve('linux/amd64')).manifest.digest, digest);
  await assert.rejects(resolve('linux/arm64'), { code: 'OCI_PLATFORM_MISSING', hint: /linux\/amd64/ });
  const wrong = resolveImage({ place, digest, platform: 'linux/arm64', source });
  await assert.rejects(wrong, { code: 'OCI_PLATFORM_MISSING', message: /linux\/amd64, not for linux\/arm64/ });
  const absent = resolveImage({ place, digest: digestOf('absent'), platform: 'linux/amd64', source });
  await assert.rejects(absent, { code: 'OCI_NOT_FOUND' });
  transport.close();
});

test('chooses among variants, and no attestation', () => {
  const entry = (platform: Record<string, string>, text: string) => ({
    mediaType: MEDIA_TYPE.manifest,
    digest: digestOf(text),
    size: 1,
    platform,
  });
  const index = {
    manifests: [
      entry({ os: 'unknown', architecture: 'unknown' }, 'attestation'),
      entry({ os: 'linux', architecture: 'arm', variant: 'v6' }, 'v6'),
      entry({ os: 'linux', architecture: 'arm', variant: 'v7' }, 'v7'),
      entry({ os: 'linux', architecture: 'arm64', variant: 'v8' }, 'arm64'),
    ],
  };
  assert.equal(choosePlatform(index, 'linux/arm', 'x').digest, digestOf('v6'));
  assert.equal(choosePlatform(index, 'linux/arm/v7', 'x').digest, digestOf('v7'));
  assert.equal(choosePlatform(index, 'linux/arm64', 'x').digest, digestOf('arm64'));
  assert.throws(() => choosePlatform(index, 'linux/amd64', 'x'), {
    hint: /one of linux\/arm\/v6, linux\/arm\/v7, linux\/arm64\/v8/,
  });
});

test('mounts the layers of a pulled image in the registry that it is of', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  const { endpoint } = registry;
  const transport = createTransport({ ...options, endpoint });
  const { pulled } = await pushed({ transport, repository: 'upstream' }, folder.path);
  const image = await described(pulled, folder.path, 'mine');
  registry.seen.length = 0;
  const report = await pushImages([{ repository: 'mine', image, tags: ['v1'] }], { ...options, endpoint });
  assert.equal(report.mountedBlobs, 2);
  assert.equal(report.uploadedBlobs, 1, 'the configuration');
  assert.deepEqual(
    registry.seen.filter(({ method }) => method === 'GET'),
    [],
  );
  transport.close();
});

test('hands the layers of a pulled image on to another registry, and then sends nothing', async () => {
  await using folder = await scratchFolder();
  await using from = await startFakeRegistry();
  await using to = await PEERS[0]!.start(folder.path);
  const transport = createTransport({ ...options, endpoint: from.endpoint });
  const { pulled } = await pushed({ transport, repository: 'upstream' }, folder.path);
  const image = await described(pulled, folder.path, 'mine');
  from.seen.length = 0;
  const items = [{ repository: 'mine', image, tags: ['v1'] }];
  const report = await pushImages(items, { ...options, endpoint: to.endpoint, chunkBytes: 100_000 });
  assert.equal(report.uploadedBlobs, imageBlobs(image).length);
  await run(peerPath('OCI_PEERS'), ['validate', `${to.endpoint}/mine:v1`]);
  const asked = from.seen.length;
  assert.ok(asked > 0);
  const other = await described(pulled, folder.path, 'mine');
  await pushImages([{ repository: 'mine', image: other, tags: ['v2'] }], { ...options, endpoint: to.endpoint });
  assert.equal(from.seen.length, asked, 'what the registry has is not read');
  transport.close();
});

test('ends with an error, and without a tag, when the registry of a layer sends other bytes', async () => {
  await using folder = await scratchFolder();
  await using from = await startFakeRegistry();
  await using to = await PEERS[0]!.start(folder.path);
  const transport = createTransport({ ...options, endpoint: from.endpoint });
  const { pulled } = await pushed({ transport, repository: 'upstream' }, folder.path);
  const image = await described(pulled, folder.path, 'mine');
  const first = pulled.layers[0];
  assert.ok(first);
  from.blobs.set(`upstream@${first.digest}`, noise(first.size, 'tampered'));
  const pushing = pushImages([{ repository: 'mine', image, tags: ['v1'] }], { ...options, endpoint: to.endpoint });
  await assert.rejects(pushing, { code: 'OCI_REJECTED', message: /DIGEST_INVALID/ });
  transport.close();
});

test('describes and fetches as a program, with the login of Docker’s configuration', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path, { htpasswd: HTPASSWD });
  const { endpoint } = registry;
  const image = await layeredImage(folder.path, 'team/app', [Buffer.from('app')]);
  const credentials = () => () => Promise.resolve(USER);
  await pushImages([{ repository: 'team/app', image }], { ...options, endpoint, credentials });
  const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');
  await writeFile(join(folder.path, 'config.json'), JSON.stringify({ auths: { [endpoint]: { auth } } }));
  const program = runfile('fathom/tools/oci/pull_tool');
  const env = { ...process.env, DOCKER_CONFIG: folder.path };
  const about = [`--image=${endpoint}/team/app`, '--plain-http'];
  const output = join(folder.path, 'out');
  await run(program, ['describe', ...about, `--digest=${imageDigest(image)}`, `--output=${output}`], { env });
  const description: unknown = JSON.parse(await readFile(join(output, 'description.json'), 'utf8'));
  const layer = image.layers[0];
  assert.ok(layer);
  const { layers } = description as { readonly layers: readonly Record<string, unknown>[] };
  assert.equal(layers[0]?.['digest'], layer.digest);
  assert.equal(digestOf(await readFile(join(output, 'manifest.json'))), imageDigest(image));
  const blob = join(folder.path, 'blob');
  await run(program, ['fetch', ...about, `--digest=${layer.digest}`, `--size=${layer.size}`, `--output=${blob}`], {
    env,
  });
  assert.equal(digestOf(await readFile(blob)), layer.digest);
  const without = run(program, ['describe', ...about, `--digest=${imageDigest(image)}`, `--output=${output}`], {
    env: { ...env, DOCKER_CONFIG: join(folder.path, 'absent') },
  });
  await assert.rejects(without, { stderr: /OCI_UNAUTHORIZED.*no login.*\n.*docker login/ });
});

test('names every source of the program in the repository rule, which runs it from source', async () => {
  // The sources of other packages are no runfiles: the rule's own file leads to the checkout.
  const rulePath = realpathSync(runfile('fathom/tools/oci/private/pull.bzl'));
  const checkout = rulePath.replace(/tools\/oci\/private\/pull\.bzl$/, '');
  const rule = await readFile(rulePath, 'utf8');
  const named = [...rule.matchAll(/"\/\/(tools\/\w+):([\w/]+\.ts)"/g)].map(([, folder, file]) => `${folder}/${file}`);
  const found = new Set<string>();
  const pending = ['tools/oci/pull/pull_main.ts'];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = await readFile(join(checkout, path), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/^(?:import|export|\}) .*from '([^']+)';$/gm)) {
      if (specifier.startsWith('.')) pending.push(normalize(join(dirname(path), specifier)));
      else assert.match(specifier, /^node:/, `${path} imports ${specifier}`);
    }
  }
  // Types are gone when the program runs.
  const typesOnly = ['tools/oci/image/oci_image.ts', 'tools/oci/image/read_json.ts', 'tools/oci/layer/content.ts'];
  assert.deepEqual([...found].filter((path) => !typesOnly.includes(path)).sort(), [...new Set(named)].sort());
});
