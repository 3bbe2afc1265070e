// An index for two platforms as it was built: what its images share, and what each is made of.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { runfile } from '../../lib/runfiles.ts';
import { asArray, asObject, parseConfig, parseDescriptor } from '../../oci/image/model.ts';
import { readImageOrIndex } from '../../oci/image/oci_image.ts';
import { imageForPlatform, machinePlatform } from '../../oci/image/image_for_platform.ts';
import { readJson } from '../../oci/image/read_json.ts';
import { archiveMembers } from '../../oci/layer/archive.ts';

const DOCUMENT = process.env['INDEX'] ?? '';
/** ELF's numbers of processors, by Go's names. */
const MACHINES: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };

async function read() {
  const built = await readImageOrIndex(DOCUMENT, (name) => runfile(name));
  assert.ok('images' in built);
  return { built, entry: built.manifest, images: built.images, bytes: await readFile(built.manifest.path) };
}

test('names an image for each platform, by its digest', async () => {
  const { entry, images, bytes } = await read();
  assert.equal(entry.digest, digestOf(bytes));
  const index = asObject(JSON.parse(bytes.toString('utf8')), 'index');
  const manifests = asArray(index['manifests'], 'manifests');
  assert.deepEqual(
    manifests.map((manifest) => asObject(manifest, 'manifest')['platform']),
    [
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ],
  );
  for (const [at, image] of images.entries()) {
    const { digest, size } = parseDescriptor(manifests[at], 'manifest');
    const manifest = await readFile(image.manifest.path);
    assert.deepEqual([digest, size], [digestOf(manifest), manifest.length]);
  }
});

test('gives the image for a platform, and says which there are', async () => {
  const { built, images } = await read();
  assert.equal(await imageForPlatform(built, 'linux/arm64'), images[1]);
  assert.equal(await imageForPlatform(built, machinePlatform('x64')), images[0]);
  await assert.rejects(imageForPlatform(built, 'linux/s390x'), {
    code: 'OCI_PLATFORM_MISSING',
    message: /none is for linux\/s390x$/,
    hint: 'Choose one of linux/amd64, linux/arm64.',
  });
});

test('shares the layers of npm packages and code, and no other', async () => {
  const { images } = await read();
  const [amd64, arm64] = images.map(({ layers }) => layers.map(({ digest }) => digest));
  assert.equal(amd64?.length, 5);
  assert.deepEqual(
    amd64?.map((digest) => arm64?.includes(digest)),
    [false, false, false, true, true],
  );
});

for (const [position, platform] of ['amd64', 'arm64'].entries()) {
  test(`has programs and libraries for ${platform} only`, async () => {
    const image = (await read()).images[position];
    assert.ok(image !== undefined);
    const config = parseConfig(await readJson(image.config.path), 'config');
    assert.equal(config.architecture, platform);
    const found = new Map<string, number>();
    for (const { path } of image.layers) {
      for await (const member of archiveMembers({ path, origin: path })) {
        if (member.type !== 'file') continue;
        for await (const chunk of member.body) {
          if (chunk.length >= 20 && chunk.toString('latin1', 0, 4) === '\x7fELF')
            found.set(member.path, chunk.readUInt16LE(18));
          break;
        }
      }
    }
    const others = [...found].filter(([, machine]) => machine !== MACHINES[platform]);
    assert.deepEqual(others, []);
    const triplet = platform === 'amd64' ? 'x86_64' : 'aarch64';
    for (const path of ['usr/local/bin/node', `usr/lib/${triplet}-linux-gnu/libc.so.6`]) {
      assert.ok(found.has(path), path);
    }
  });
}
