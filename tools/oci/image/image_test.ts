import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { sampleImage, scratchFolder } from '../testing/sample_image.ts';
import { names, untar } from '../testing/unpacked.ts';
import { type ImageSettings, buildImage } from './build_image.ts';
import { buildIndex } from './build_index.ts';
import { writeOciLayoutTar } from './layout_tar.ts';
import { MEDIA_TYPE } from './media_types.ts';
import { type LayerDescriptor, parseConfig, parseDescriptor, parseManifest } from './model.ts';
import { imageDigest, parseImage, readImage } from './oci_image.ts';
import { stampSettings } from './stamp.ts';

function layer(name: string): LayerDescriptor {
  const digest: Digest = digestOf(name);
  return {
    mediaType: MEDIA_TYPE.layerZstd,
    digest,
    size: name.length,
    diffId: digestOf(`${name} tar`),
    createdBy: `//${name}`,
  };
}

const BASE = buildImage({
  layers: [layer('base')],
  settings: { env: { PATH: '/bin', A: '1' }, entrypoint: ['/old'], cmd: ['x'], labels: { z: '1' }, ports: ['53/udp'] },
});
const base = { config: BASE.config.value, layers: BASE.layers };

test('puts layers on the base, and settings over its own', () => {
  const image = buildImage({
    base,
    layers: [layer('app')],
    settings: { env: { A: '2', B: '=' }, entrypoint: ['/new'], labels: { a: '2' }, ports: ['8080'], workdir: '/app' },
  });
  assert.deepEqual(image.config.value, {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: {
      User: '65532:65532',
      ExposedPorts: { '53/udp': {}, '8080/tcp': {} },
      Env: ['PATH=/bin', 'A=2', 'B=='],
      Entrypoint: ['/new'],
      WorkingDir: '/app',
      Labels: { a: '2', z: '1' },
    },
    rootfs: { type: 'layers', diff_ids: [digestOf('base tar'), digestOf('app tar')] },
    history: [
      { created: '1970-01-01T00:00:00Z', created_by: '//base' },
      { created: '1970-01-01T00:00:00Z', created_by: '//app' },
    ],
  });
  assert.deepEqual(
    image.manifest.value.layers.map(({ digest }) => digest),
    [digestOf('base'), digestOf('app')],
  );
  assert.equal(image.manifest.value.config.digest, digestOf(image.config.bytes));
});

test('keeps the base’s program and its arguments where no entrypoint is given', () => {
  const { config } = buildImage({ base, layers: [], settings: {} }).config.value;
  assert.deepEqual([config?.Entrypoint, config?.Cmd], [['/old'], ['x']]);
});

for (const [settings, entrypoint, cmd] of [
  [{}, ['/init', '--', '/old'], ['x']],
  [{ entrypoint: ['/new'] }, ['/init', '--', '/new'], undefined],
  [{ cmd: ['y'] }, ['/init', '--', '/old'], ['y']],
  [{ entrypoint: [] }, ['/init', '--'], undefined],
] as const) {
  test(`puts a launcher before the program of the base, and of ${JSON.stringify(settings)}`, () => {
    const given: ImageSettings = { ...settings, entrypointPrefix: ['/init', '--'] };
    const { config } = buildImage({ base, layers: [], settings: given }).config.value;
    assert.deepEqual([config?.Entrypoint, config?.Cmd], [entrypoint, cmd]);
  });
}

/** A configuration as `docker commit` and older builders write it. */
const DOCKERS = {
  ...{ architecture: 'amd64', os: 'linux', variant: null, rootfs: { type: 'layers', diff_ids: [] } },
  config: {
    ...{ Hostname: '', User: '', ExposedPorts: null, Env: null, Entrypoint: null, Cmd: null, Volumes: null },
    ...{ WorkingDir: '', Labels: null, StopSignal: null, OnBuild: ['COPY . /app'] },
    Healthcheck: { Test: ['CMD', '/check'], Interval: 1_000_000_000 },
    Shell: ['/bin/bash', '-c'],
  },
};

test('takes null and the empty working folder of a base for what is not set', () => {
  const from = { config: parseConfig(DOCKERS, 'config'), layers: [] };
  const { config, variant } = buildImage({ base: from, layers: [], settings: {} }).config.value;
  const { User, Env, Entrypoint, Cmd, WorkingDir, Labels, StopSignal } = config ?? {};
  assert.deepEqual([User, Env, WorkingDir], ['', [], '/']);
  for (const absent of [Entrypoint, Cmd, Labels, StopSignal, variant]) assert.equal(absent, undefined);
});

test('keeps what a base has that is not set here, but for what others were to run on it', () => {
  const from = { config: parseConfig(DOCKERS, 'config'), layers: [] };
  const built = buildImage({ base: from, layers: [], settings: { entrypoint: ['/app'] } });
  const config = JSON.parse(built.config.bytes.toString('utf8')).config;
  assert.deepEqual(config, {
    User: '',
    Env: [],
    Entrypoint: ['/app'],
    WorkingDir: '/',
    Hostname: '',
    Healthcheck: { Test: ['CMD', '/check'], Interval: 1_000_000_000 },
    Shell: ['/bin/bash', '-c'],
  });
});

test('writes documents that it reads', () => {
  const parsed: unknown = JSON.parse(BASE.manifest.bytes.toString('utf8'));
  assert.deepEqual(parseManifest(parsed, 'manifest'), BASE.manifest.value);
  assert.deepEqual(parseConfig(JSON.parse(BASE.config.bytes.toString('utf8')), 'config'), BASE.config.value);
});

test('puts the base’s variables into new ones, and leaves others as they are', () => {
  const { config } = buildImage({
    base,
    layers: [],
    settings: { env: { PATH: '/opt/bin:$PATH', B: '${A}$C', A: 'new' } },
  }).config.value;
  assert.deepEqual(config?.Env, ['PATH=/opt/bin:/bin', 'A=new', 'B=1$C']);
});

for (const [created, expected] of [
  ['0', '1970-01-01T00:00:00Z'],
  ['1700000000', '2023-11-14T22:13:20Z'],
  ['1700000000.25', '2023-11-14T22:13:20.250Z'],
  ['2026-01-31T12:00:00+01:00', '2026-01-31T11:00:00Z'],
] as const) {
  test(`reads creation time ${created}`, () => {
    assert.equal(buildImage({ layers: [], settings: { created } }).config.value.created, expected);
  });
}

test('keeps the base’s platform, and takes another that is given', () => {
  const arm = buildImage({ layers: [], settings: { architecture: 'arm64', variant: 'v8', osVersion: '1' } });
  const {
    architecture,
    variant,
    'os.version': version,
  } = buildImage({
    base: { config: arm.config.value, layers: [] },
    layers: [],
    settings: { osVersion: '2' },
  }).config.value;
  assert.deepEqual([architecture, variant, version], ['arm64', 'v8', '2']);
});

test('fills the workspace status into env, labels, annotations and creation time', () => {
  const status = new Map([
    ['BUILD_TIMESTAMP', '1700000000'],
    ['STABLE_GIT_COMMIT', '0123abcd'],
  ]);
  const settings: ImageSettings = {
    env: { COMMIT: '{STABLE_GIT_COMMIT}', JSON: '{"a":1}' },
    labels: { commit: 'at {STABLE_GIT_COMMIT}' },
    annotations: { time: '{BUILD_TIMESTAMP}' },
    entrypoint: ['{BUILD_TIMESTAMP}'],
  };
  assert.deepEqual(stampSettings(settings, status), {
    env: { COMMIT: '0123abcd', JSON: '{"a":1}' },
    labels: { commit: 'at 0123abcd' },
    annotations: { time: '1700000000' },
    entrypoint: ['{BUILD_TIMESTAMP}'],
    created: '1700000000',
  });
  assert.equal(stampSettings({ created: '7' }, status).created, '7');
  assert.throws(
    () => stampSettings({ labels: { x: '{STABLE_NONE}' } }, status),
    (error) => error instanceof ToolError && error.code === 'OCI_STAMP_UNKNOWN' && /labels x/.test(error.message),
  );
});

test('does not depend on the order in which settings are given', () => {
  const digest = (settings: ImageSettings) => buildImage({ layers: [], settings }).manifest.descriptor.digest;
  assert.equal(
    digest({ labels: { a: '1', b: '2' }, ports: ['1', '2'] }),
    digest({ ports: ['2', '1'], labels: { b: '2', a: '1' } }),
  );
});

for (const [what, settings] of Object.entries<ImageSettings>({
  'a port out of range': { ports: ['70000'] },
  'a port that is a name': { ports: ['http'] },
  'a relative working folder': { workdir: 'app' },
  'a creation time that is none': { created: 'yesterday' },
  'an environment name with "="': { env: { 'A=B': 'c' } },
})) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => buildImage({ layers: [], settings }),
      (error) => error instanceof ToolError && error.code === 'OCI_SETTING_INVALID' && error.hint !== undefined,
    );
  });
}

test('takes a manifest without media type for what it is said to be, else for OCI’s', () => {
  const { mediaType: _, ...manifest } = BASE.manifest.value;
  assert.equal(parseManifest(manifest, 'manifest').mediaType, MEDIA_TYPE.manifest);
  const docker = 'application/vnd.docker.distribution.manifest.v2+json';
  assert.equal(parseManifest(manifest, 'manifest', docker).mediaType, docker);
  assert.equal(parseManifest(BASE.manifest.value, 'manifest', docker).mediaType, MEDIA_TYPE.manifest);
});

for (const [what, value, field] of [
  ['no object', 'x', 'd:'],
  ['no media type', { digest: digestOf(''), size: 1 }, 'd.mediaType'],
  ['a digest of another form', { mediaType: 'x', digest: 'md5:1', size: 1 }, 'd.digest'],
  ['a negative size', { mediaType: 'x', digest: digestOf(''), size: -1 }, 'd.size'],
  ['a size that is text', { mediaType: 'x', digest: digestOf(''), size: '1' }, 'd.size'],
] as const) {
  test(`refuses a descriptor with ${what}, and names the field`, () => {
    assert.throws(
      () => parseDescriptor(value, 'd'),
      (error) => error instanceof ToolError && error.code === 'OCI_DOCUMENT_INVALID' && error.message.includes(field),
    );
  });
}

test('reads an image’s index, and resolves its paths', () => {
  const descriptor = (path: string) => ({ mediaType: 'x', digest: digestOf(path), size: 1, path });
  const value = {
    version: 1,
    repository: 'a/b',
    manifest: descriptor('w/m'),
    config: descriptor('w/c'),
    layers: [descriptor('w/l')],
  };
  const image = parseImage(value, 'image.json', (path) => `/run/${path}`);
  assert.deepEqual([image.repository, imageDigest(image), image.layers[0]?.path], ['a/b', digestOf('w/m'), '/run/w/l']);
});

test('says that an image’s index cannot be read', async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'image.json');
  await assert.rejects(readImage(path, String), { code: 'OCI_FILE_UNREADABLE', message: `Reading ${path}: ENOENT` });
  await writeFile(path, '{');
  await assert.rejects(readImage(path, String), { code: 'OCI_DOCUMENT_INVALID' });
});

test('writes the same layout tar again, with each name once', async () => {
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a', ['one', 'two', 'one']);
  const [first, second] = [join(folder.path, '1.tar'), join(folder.path, '2.tar')];
  const namesOfImage = ['r.example/a:v1', `r.example/a@${imageDigest(image)}`];
  await writeOciLayoutTar(image, first, namesOfImage);
  await writeOciLayoutTar(image, second, namesOfImage);
  const bytes = await readFile(first);
  assert.deepEqual(bytes, await readFile(second));
  for (const name of namesOfImage) assert.ok(bytes.includes(`"io.containerd.image.name":"${name}"`));
});

test('writes the blob of a layer once that an image has twice', async () => {
  await using folder = await scratchFolder();
  const image = await sampleImage(folder.path, 'a', ['one', 'one']);
  const [first, second] = image.layers;
  assert.ok(first && second);
  // Two targets may make the same blob, and the second may be nowhere on this machine.
  const twice = { ...image, layers: [first, { ...second, path: join(folder.path, 'absent') }] };
  const tar = join(folder.path, 'x.tar');
  await writeOciLayoutTar(twice, tar);
  const blobs = names(await untar(createReadStream(tar))).filter(
    (name) => name === `blobs/sha256/${first.digest.slice(7)}`,
  );
  assert.equal(blobs.length, 1);
});

function indexed(label: string, settings: ImageSettings) {
  const { manifest, config } = buildImage({ layers: [layer(label)], settings });
  return { label, manifest: manifest.descriptor, config: config.value };
}

test('puts images for several platforms into an index', () => {
  const images = [indexed('//a', {}), indexed('//b', { architecture: 'arm64', variant: 'v8' })];
  const { bytes, descriptor } = buildIndex(images, { b: '2', a: '1' });
  assert.deepEqual(JSON.parse(bytes.toString('utf8')), {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [
      { ...images[0]?.manifest, platform: { architecture: 'amd64', os: 'linux' } },
      { ...images[1]?.manifest, platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
    ],
    annotations: { a: '1', b: '2' },
  });
  assert.deepEqual(descriptor, { mediaType: MEDIA_TYPE.index, digest: digestOf(bytes), size: bytes.length });
});

test('refuses an index with two images for one platform, and one with none', () => {
  assert.throws(
    () => buildIndex([indexed('//a', {}), indexed('//b', {})]),
    (error) => error instanceof ToolError && /\/\/a and \/\/b are both for amd64\/linux/.test(error.message),
  );
  assert.throws(() => buildIndex([]), { code: 'OCI_INDEX_EMPTY' });
});
