import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { type OciImage, imageDigest } from '../image/oci_image.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { PEERS } from '../testing/peers.ts';
import { layeredImage, scratchFolder } from '../testing/sample_image.ts';
import { blobOfBytes } from './blob_source.ts';
import { headManifest } from './exchanges.ts';
import { pushImages } from './push.ts';
import { artifactManifest, attachManifests, fallbackTag, fetchArtifact, listReferrers } from './referrers.ts';
import { createTransport } from './transport.ts';
import { uploadBlob } from './upload.ts';

const signal = new AbortController().signal;
const options = { plainHttp: true, log: createLog(() => undefined), signal };
const SBOM = 'application/spdx+json';
const PROVENANCE = 'application/vnd.in-toto+json';

/** An image with an SBOM and provenance. */
async function documentedImage(folder: string, name: string): Promise<OciImage> {
  const image = await layeredImage(folder, name, [Buffer.from(name)]);
  const artifacts = await Promise.all(
    [SBOM, PROVENANCE].map(async (type, index) => {
      const path = join(folder, `${name.replaceAll('/', '_')}.${index}.json`);
      await writeFile(path, JSON.stringify({ type, of: name }));
      return { artifactType: type, mediaType: type, path };
    }),
  );
  return { ...image, artifacts };
}

for (const peer of PEERS) {
  test(`attaches, lists and fetches what an image's documents are, at ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    await using registry = await peer.start(folder.path);
    const { endpoint } = registry;
    const image = await documentedImage(folder.path, 'team/app');
    const items = [{ repository: 'team/app', image, tags: ['v1'] }];
    const report = await pushImages(items, { ...options, endpoint });
    assert.equal(report.attached, 2);

    const transport = createTransport({ ...options, endpoint });
    const place = { transport, repository: 'team/app' };
    const referrers = await listReferrers(place, imageDigest(image));
    assert.deepEqual(referrers.map(({ artifactType }) => artifactType).sort(), [SBOM, PROVENANCE].sort());
    const [sbom] = await listReferrers(place, imageDigest(image), SBOM);
    assert.ok(sbom);
    const [document] = await fetchArtifact(place, sbom);
    assert.equal(document?.blob.mediaType, SBOM);
    assert.deepEqual(JSON.parse(document?.bytes.toString() ?? ''), { type: SBOM, of: 'team/app' });
    assert.deepEqual(await listReferrers(place, sbom.digest), [], 'nothing refers to the document');
    transport.close();

    const again = await pushImages(items, { ...options, endpoint });
    assert.equal(again.attached, 0);
    assert.deepEqual(Object.keys(again.requests).sort(), ['GET', 'HEAD'], 'it asks, and sends nothing');
    const more = await pushImages([{ ...items[0]!, tags: ['v1', 'v2'] }], { ...options, endpoint });
    assert.equal(more.requests['PUT'], 1, 'the tag');
  });

  test(`attaches a changed document beside the old one, at ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    await using registry = await peer.start(folder.path);
    const { endpoint } = registry;
    const image = await documentedImage(folder.path, 'a');
    await pushImages([{ repository: 'a', image }], { ...options, endpoint });
    await writeFile(image.artifacts?.[0]?.path ?? '', '{"changed":true}');
    assert.equal((await pushImages([{ repository: 'a', image }], { ...options, endpoint })).attached, 1);
    const transport = createTransport({ ...options, endpoint });
    const listed = await listReferrers({ transport, repository: 'a' }, imageDigest(image), SBOM);
    transport.close();
    assert.equal(listed.length, 2);
  });
}

test('writes no fallback tag where the registry takes note of the subject, and reads all pages of its list', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  registry.hasReferrers = true;
  const image = await documentedImage(folder.path, 'a');
  const { endpoint } = registry;
  await pushImages([{ repository: 'a', image }], { ...options, endpoint });
  assert.equal(registry.manifests.has(`a:${fallbackTag(imageDigest(image))}`), false);
  const transport = createTransport({ ...options, endpoint });
  const listed = await listReferrers({ transport, repository: 'a' }, imageDigest(image));
  transport.close();
  assert.deepEqual(listed.map(({ artifactType }) => artifactType).sort(), [SBOM, PROVENANCE].sort());
  const again = await pushImages([{ repository: 'a', image }], { ...options, endpoint });
  assert.deepEqual(again.requests, { HEAD: 1, GET: 2 });
});

test('keeps the entries of many who attach to one image at the same time', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path);
  const { endpoint } = registry;
  const image = await layeredImage(folder.path, 'a', [Buffer.from('a')]);
  await pushImages([{ repository: 'a', image }], { ...options, endpoint });
  const transport = createTransport({ ...options, endpoint });
  const place = { transport, repository: 'a' };
  const manifests = ['one', 'two', 'three'].map((text) =>
    artifactManifest(image.manifest, { artifactType: SBOM, blob: blobOfBytes(SBOM, Buffer.from(text)) }),
  );
  for (const blob of manifests.flatMap(({ blobs }) => blobs)) {
    const bytes = 'bytes' in blob ? blob.bytes : Buffer.alloc(0);
    const read = async function* () {
      yield bytes;
    };
    await uploadBlob(place, blob, { signal, retryDeadlineMs: 1000, chunkBytes: 1e6, read });
  }
  await Promise.all(manifests.map((manifest) => attachManifests(place, imageDigest(image), [manifest])));
  assert.equal((await listReferrers(place, imageDigest(image))).length, 3);
  transport.close();
});

test('writes the tag after the documents', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path);
  const image = await documentedImage(folder.path, 'a');
  await writeFile(image.artifacts?.[1]?.path ?? '', '');
  const broken = {
    ...image,
    artifacts: [...(image.artifacts ?? []), { artifactType: SBOM, mediaType: SBOM, path: '/absent' }],
  };
  const pushing = pushImages([{ repository: 'a', image: broken, tags: ['v1'] }], {
    ...options,
    endpoint: registry.endpoint,
  });
  await assert.rejects(pushing, { code: 'OCI_FILE_UNREADABLE', message: /\/absent/ });
  const transport = createTransport({ ...options, endpoint: registry.endpoint });
  assert.equal(await headManifest({ transport, repository: 'a' }, 'v1'), undefined);
  transport.close();
});

test('writes its entry again where another process has overwritten the list', async () => {
  await using folder = await scratchFolder();
  await using registry = await startFakeRegistry();
  const { endpoint } = registry;
  const image = await documentedImage(folder.path, 'a');
  const tag = fallbackTag(imageDigest(image));
  let puts = 0;
  registry.fault = (_request, _response, { method, path }) => {
    if (!path.endsWith(tag)) return false;
    if (method === 'PUT') puts += 1;
    // Before the list is read again, the other's is in its place: an empty one.
    if (method === 'GET' && puts === 1) registry.manifests.delete(`a:${tag}`);
    return false;
  };
  await pushImages([{ repository: 'a', image }], { ...options, endpoint });
  assert.equal(puts, 2);
  assert.equal(registry.manifests.has(`a:${tag}`), true);
});
