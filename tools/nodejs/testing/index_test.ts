// An index for two platforms as it was built: what its images share, and what each is made of.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { runfile } from '../../lib/runfiles.ts';
import { asArray, asObject, parseConfig, parseDescriptor } from '../../oci/image/model.ts';
import { parseImage } from '../../oci/image/oci_image.ts';
import { readJson } from '../../oci/image/read_json.ts';
import { archiveMembers } from '../../oci/layer/archive.ts';

const DOCUMENT = process.env['INDEX'] ?? '';
/** ELF's numbers of processors, by Go's names. */
const MACHINES: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };

async function read() {
  const document = asObject(await readJson(DOCUMENT), DOCUMENT);
  const entry = asObject(document['index'], 'index');
  const images = asArray(document['images'], 'images').map((image) =>
    parseImage(image, 'images', (name) => runfile(name)),
  );
  return { entry, images, bytes: await readFile(runfile(String(entry['path']))) };
}

test('names an image for each platform, by its digest', async () => {
  const { entry, images, bytes } = await read();
  assert.equal(entry['digest'], digestOf(bytes));
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
