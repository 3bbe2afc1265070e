// What the rules write, by the OCI image specification's own schemas.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { digestOf, digestOfFile } from '../../lib/digest.ts';
import { asObject, parseManifest } from '../image/model.ts';
import { archiveMembers } from '../layer/archive.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { schemaProblems } from '../testing/schemas.ts';

const SCHEMAS = dirname(process.env['OCI_SCHEMA'] ?? '');
const LAYOUTS = (process.env['LAYOUTS'] ?? '').split(' ');
const MORE = ['content-descriptor.json', 'defs.json', 'defs-descriptor.json'];

const problems = (schema: string, document: unknown) => schemaProblems(join(SCHEMAS, schema), document, MORE);

/** The layout's files, unpacked. */
async function unpack(path: string, folder: string): Promise<void> {
  for await (const member of archiveMembers({ path, origin: path })) {
    if (member.type !== 'file') continue;
    const file = join(folder, member.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, member.body);
  }
}

async function json(...path: readonly string[]): Promise<Record<string, unknown>> {
  return asObject(JSON.parse(await readFile(join(...path), 'utf8')), path.join('/')) as Record<string, unknown>;
}

for (const path of LAYOUTS) {
  test(`writes ${basename(path)} with documents that the schemas accept, and blobs that are what they are called`, async () => {
    await using scratch = await scratchFolder();
    const layout = scratch.path;
    await unpack(path, layout);
    const index = await json(layout, 'index.json');
    assert.deepEqual(problems('image-layout-schema.json', await json(layout, 'oci-layout')), []);
    assert.deepEqual(problems('image-index-schema.json', index), []);
    const [entry] = index['manifests'] as { digest: string }[];
    const blob = (digest: string) => join(layout, 'blobs', digest.replace(':', '/'));
    const document = await json(blob(entry?.digest ?? ''));
    assert.deepEqual(problems('image-manifest-schema.json', document), []);
    const manifest = parseManifest(document, 'manifest');
    assert.deepEqual(problems('config-schema.json', await json(blob(manifest.config.digest))), []);
    assert.ok(manifest.layers.length > 0);
    for (const { digest } of [manifest.config, ...manifest.layers])
      assert.equal(await digestOfFile(blob(digest)), digest);
  });
}

test('is checked by schemas that refuse what is wrong', () => {
  const digest = digestOf('');
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 1 };
  const manifest = { schemaVersion: 2, config, layers: [config] };
  assert.deepEqual(problems('image-manifest-schema.json', manifest), []);
  for (const [wrong, words] of [
    [{ ...manifest, schemaVersion: 1 }, /schemaVersion must be >= 2/],
    [{ ...manifest, layers: [] }, /layers must NOT have fewer than 1 items/],
    [{ ...manifest, config: { ...config, digest: 'sha256' } }, /config\/digest must match pattern/],
  ] as const) {
    assert.match(problems('image-manifest-schema.json', wrong).join(), words);
  }
});
