// Copies between registries of others, as they are: what arrives is what was there, with all that refers to it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../lib/digest.ts';
import { createLog } from '../../lib/log.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { PEERS, peerPath } from '../testing/peers.ts';
import { type RealRegistry, startRealRegistry } from '../testing/real_registry.ts';
import { layeredImage, layeredIndex, noise, scratchFolder } from '../testing/sample_image.ts';
import { blobOfBytes } from './blob_source.ts';
import { copyImages, missingParts } from './copy.ts';
import { type Place, completeUpload, initiateUpload, putManifest } from './exchanges.ts';
import { getManifest } from './fetch.ts';
import { pushImages } from './push.ts';
import { artifactManifest, attachManifests, listReferrers } from './referrers.ts';
import { createTransport } from './transport.ts';

const log = createLog(() => undefined);
const nobody = () => () => Promise.resolve(undefined);

const signalOf = () => AbortSignal.timeout(60_000);

function addressOf({ endpoint }: RealRegistry) {
  return { endpoint, plainHttp: true };
}

async function withPlace<T>(registry: RealRegistry, repository: string, use: (place: Place) => Promise<T>): Promise<T> {
  const transport = createTransport({ ...addressOf(registry), signal: signalOf() });
  try {
    return await use({ transport, repository });
  } finally {
    transport.close();
  }
}

/** Attaches a document to a manifest, as a signer or scanner would; the digest of its manifest. */
async function attach(place: Place, subject: Digest, size: number, text: string): Promise<Digest> {
  const blob = blobOfBytes('text/plain', Buffer.from(text));
  const about = { mediaType: MEDIA_TYPE.manifest, digest: subject, size };
  const artifact = artifactManifest(about, { artifactType: 'text/plain', blob, annotations: { text } });
  for (const one of artifact.blobs) {
    const bytes = 'bytes' in one ? one.bytes : Buffer.alloc(0);
    const range = { digest: one.digest, offset: 0, size: bytes.length };
    const read = async function* () {
      yield bytes;
    };
    await completeUpload(place, await initiateUpload(place), { ...range, read });
  }
  await attachManifests(place, subject, [artifact]);
  return artifact.referrer.digest;
}

for (const peer of PEERS) {
  test(`copies an image with its artifacts, what refers to those, and its signature to ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    await using from = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
    await using to = await peer.start(folder.path);
    const sbom = join(folder.path, 'sbom.json');
    await writeFile(sbom, '{"spdxVersion": "SPDX-2.3"}');
    const artifacts = [{ artifactType: 'application/spdx+json', mediaType: 'application/spdx+json', path: sbom }];
    const image = { ...(await layeredImage(folder.path, 'a/x', [noise(3_000_000, 'a'), noise(10, 'b')])), artifacts };
    const { digest, size } = image.manifest;
    const signal = signalOf();
    await pushImages([{ image, repository: 'a/x' }], { ...addressOf(from), log, signal, credentials: nobody });
    const tag = `${digest.replace(':', '-')}.sig`;
    const signature = await withPlace(from, 'a/x', async (place) => {
      const [document] = await listReferrers(place, digest);
      const onDocument = await attach(place, document?.digest ?? digest, document?.size ?? 0, 'signed document');
      await attach(place, onDocument, 1, 'a note about the signature');
      const manifest = await getManifest(place, digest);
      assert.ok(manifest !== undefined);
      // Cosign's manifest of signatures is an image manifest under a tag of its own.
      await putManifest(place, { mediaType: MEDIA_TYPE.manifest, bytes: manifest.bytes }, tag);
      return manifest.digest;
    });

    const options = { from: addressOf(from), to: addressOf(to), log, signal, credentials: nobody };
    const report = await copyImages([{ repository: 'a/x', digest }], { ...options, chunkBytes: 1_000_000 });
    assert.equal(report.uploadedBytes > 3_000_000, true);
    await withPlace(to, 'a/x', async (place) => {
      assert.deepEqual(await missingParts(place, digest), []);
      assert.equal((await getManifest(place, tag))?.digest, signature);
      const [document, ...others] = await listReferrers(place, digest);
      assert.deepEqual([document?.artifactType, others.length], ['application/spdx+json', 0]);
      const [note] = await listReferrers(place, document?.digest ?? digest);
      assert.deepEqual(note?.annotations, { text: 'signed document' });
      assert.equal((await listReferrers(place, note?.digest ?? digest)).length, 1);
    });
    assert.ok(size > 0);
    const again = await copyImages([{ repository: 'a/x', digest }], options);
    assert.deepEqual(again, { manifests: 0, uploadedBlobs: 0, uploadedBytes: 0 });
  });
}

test('copies an index with its images, blobs that they share once', async () => {
  await using folder = await scratchFolder();
  await using from = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  await using to = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const image = await layeredIndex(folder.path, 'a/x', [noise(5000, 'shared')]);
  const signal = signalOf();
  await pushImages([{ image, repository: 'a/x' }], { ...addressOf(from), log, signal, credentials: nobody });
  const { digest } = image.manifest;
  const options = { from: addressOf(from), to: addressOf(to), log, signal, credentials: nobody };
  const report = await copyImages([{ repository: 'a/x', digest }], options);
  // A layer, and a configuration for each of two platforms.
  assert.deepEqual([report.manifests, report.uploadedBlobs], [3, 3]);
  await withPlace(to, 'a/x', async (place) => assert.deepEqual(await missingParts(place, digest), []));
});

test('names an image that neither registry has, and one of which a part is missing', async () => {
  await using folder = await scratchFolder();
  await using from = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  await using to = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const signal = signalOf();
  const options = { from: addressOf(from), to: addressOf(to), log, signal, credentials: nobody };
  const nothing = digestOf('nothing');
  await assert.rejects(copyImages([{ repository: 'a/x', digest: nothing }], options), {
    code: 'OCI_NOT_FOUND',
    message: new RegExp(`a/x@${nothing}: ${from.endpoint} has no such image`),
  });
  const image = await layeredImage(folder.path, 'a/x', [noise(100, 'x')]);
  await pushImages([{ image, repository: 'a/x' }], { ...addressOf(from), log, signal, credentials: nobody });
  const [layer] = image.layers;
  const response = await fetch(`http://${from.endpoint}/v2/a/x/blobs/${layer?.digest}`, { method: 'DELETE' });
  assert.equal(response.status, 202);
  await withPlace(from, 'a/x', async (place) => {
    assert.deepEqual(await missingParts(place, image.manifest.digest), [`blob ${layer?.digest}`]);
  });
});
