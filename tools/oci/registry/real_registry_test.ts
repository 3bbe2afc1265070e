import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { imageDigest } from '../image/oci_image.ts';
import { peerPath } from '../testing/peers.ts';
import { startRealRegistry } from '../testing/real_registry.ts';
import { sampleImage, scratchFolder } from '../testing/sample_image.ts';
import { headManifest } from './exchanges.ts';
import { pushImages } from './push.ts';
import { createTransport } from './transport.ts';

const program = peerPath('OCI_REGISTRY_3');
const options = { plainHttp: true, log: createLog(() => undefined), signal: new AbortController().signal };

test('pushes a stack of images to the CNCF registry, and then asks one HEAD for each', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(program, folder.path);
  const endpoint = registry.endpoint;
  const names = Array.from({ length: 25 }, (_, index) => `services/s${index}`);
  const items = await Promise.all(
    names.map(async (repository) => ({
      repository,
      image: await sampleImage(folder.path, repository, ['x'.repeat(5_000_000), repository]),
      tags: ['v1'],
    })),
  );
  const first = await pushImages(items, { ...options, endpoint });
  assert.equal(first.uploadedBlobs, 1 + 25 + 25);
  assert.equal(first.mountedBlobs, 24);

  const second = await pushImages(items, { ...options, endpoint });
  assert.deepEqual(second.requests, { HEAD: 25 });

  const transport = createTransport({ ...options, endpoint });
  const image = items[3]?.image;
  assert.ok(image);
  const place = { transport, repository: 'services/s3' };
  assert.equal(await headManifest(place, 'v1'), imageDigest(image));
  assert.equal(await headManifest(place, imageDigest(image)), imageDigest(image));
  assert.equal(await headManifest(place, 'none'), undefined);
  transport.close();
});

test('has a truncated blob rejected by the CNCF registry', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(program, folder.path);
  const image = await sampleImage(folder.path, 'a', ['base']);
  const wrong = { ...image, layers: image.layers.map((layer) => ({ ...layer, size: layer.size - 1 })) };
  const pushing = pushImages([{ repository: 'a', image: wrong }], { ...options, endpoint: registry.endpoint });
  await assert.rejects(pushing, { code: 'OCI_REJECTED', message: /400 DIGEST_INVALID/ });
});
