// Manifests as the build hands them over: whose release counts, which images are built, and what cannot be read.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readManifests } from '../read_manifests.ts';
import { GOOD } from '../testing/good_objects.ts';

const folder = await mkdtemp(join(tmpdir(), 'fathom-manifests-'));
after(() => rm(folder, { recursive: true, force: true }));

async function source(name: string, content: unknown, label = '//x:y') {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, file: `x/${name}`, label };
}

const rendered = (environment: string) => ({
  version: 1,
  guard: { environment, isProtected: false, caSha256: '' },
  images: [{ ref: 'registry.example.com/web', image: 'x/image.json', registry: '', repository: '' }],
  objects: [GOOD.service],
});

test('the release is that of the environment, and of the test before it', async () => {
  const sources = [await source('prod.json', rendered('prod')), await source('dev.json', rendered('dev'))];
  const environments = { prod: '1.36' };
  const versions = async (options: object) =>
    (await readManifests(sources, { environments, ...options })).map(({ kubernetesVersion }) => kubernetesVersion);
  assert.deepEqual(await versions({}), ['1.36', undefined]);
  assert.deepEqual(await versions({ version: '1.30' }), ['1.30', '1.30']);
});

test('images that are built are known, and names stay', async () => {
  const [manifest] = await readManifests([await source('built.json', rendered('prod'))]);
  assert.deepEqual(manifest?.builtImages, ['registry.example.com/web']);
  assert.deepEqual([manifest?.file, manifest?.label], ['x/built.json', '//x:y']);
});

test('a plain manifest has one document or many', async () => {
  const text = [GOOD.service, GOOD.configMap].map((object) => JSON.stringify(object)).join('\n---\n');
  const [manifest] = await readManifests([await source('plain.yaml', text, '')], { version: '1.30' });
  assert.deepEqual(
    manifest?.objects.map(({ kind }) => kind),
    ['Service', 'ConfigMap'],
  );
  assert.equal(manifest?.kubernetesVersion, '1.30');
});

for (const [name, content, label, code] of [
  ['what the build did not write', '{"version": 2}', '//x:y', 'MANIFEST_UNREADABLE'],
  ['what was cut off', '{"version": 1, "ob', '//x:y', 'MANIFEST_UNREADABLE'],
  ['a plain file that is no YAML', 'a: [', '', 'K8S_MANIFEST_SYNTAX'],
  ['a plain file without objects', '', '', 'K8S_MANIFEST_EMPTY'],
] as const) {
  test(`refuses ${name}`, async () => {
    await assert.rejects(readManifests([await source('wrong.json', content, label)]), { code });
  });
}
