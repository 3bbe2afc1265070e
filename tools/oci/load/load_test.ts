import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { digestOf } from '../../lib/digest.ts';
import { mayBecomeAnyUser } from '../check/container.ts';
import { imageOf, layerOf, text } from '../testing/built_layers.ts';
import { type FakeDocker, startFakeDocker } from '../testing/fake_docker.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { loadContainerd } from './containerd.ts';
import { loadDocker, sharedLayers } from './docker.ts';
import { DockerApi, dockerAddress } from './docker_api.ts';

const run = promisify(execFile);
const [CONTAINERD, CTR, PRIVATE_RUN] = ['CONTAINERD', 'CTR', 'PRIVATE_RUN'].map((name) =>
  resolve(process.env[name] ?? ''),
) as [string, string, string];
const NEVER = new AbortController().signal;
const apiOf = ({ socketPath }: FakeDocker) => new DockerApi({ socketPath }, NEVER);

/** A containerd with nothing but its stores, which is gone at the end of the scope. */
async function startContainerd(folder: string): Promise<AsyncDisposable & { readonly address: string }> {
  const config = join(folder, 'config.toml');
  const address = join(folder, 'c.sock');
  await mkdir(join(folder, 'state'), { recursive: true });
  await writeFile(
    config,
    [
      'version = 3',
      `root = ${JSON.stringify(join(folder, 'root'))}`,
      `state = ${JSON.stringify(join(folder, 'state'))}`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]',
      `grpc.address = ${JSON.stringify(address)}`,
      `ttrpc.address = ${JSON.stringify(join(folder, 't.sock'))}`,
    ].join('\n'),
  );
  const user = mayBecomeAnyUser() ? [] : ['--user', '--map-root-user'];
  const child: ChildProcess = spawn(
    'unshare',
    [
      ...user,
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      PRIVATE_RUN,
      CONTAINERD,
      '--config',
      config,
      '--log-level',
      'warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (log += part));
  const ended = new Promise((resolve) => child.on('close', resolve));
  // Each question takes as long as a program's start.
  const deadline = AbortSignal.timeout(20_000);
  const isUp = () =>
    run(CTR, ['--address', address, 'version']).then(
      () => true,
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode === null && !deadline.aborted) continue;
    child.kill('SIGKILL');
    assert.fail(`containerd did not start:\n${log}`);
  }
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('loads an image into containerd, and of the next one only what is missing', async () => {
  await using folder = await scratchFolder();
  await using containerd = await startContainerd(folder.path);
  const options = { ctr: CTR, address: containerd.address, namespace: 'k8s.io', unpack: false, signal: NEVER };
  const base = await layerOf(folder.path, 'base', [text('/base', 'b'.repeat(1000))]);
  const [one, two] = await Promise.all(['one', 'two'].map((name) => layerOf(folder.path, name, [text('/app', name)])));
  assert.ok(one !== undefined && two !== undefined);
  const first = await imageOf(folder.path, 'first', [base, one]);
  const second = await imageOf(folder.path, 'second', [base, two]);
  const load = (image: typeof first, name: string) => loadContainerd({ ...options, image, names: [name] });
  assert.deepEqual(await load(first, 'r.example/first:v1'), { sentLayers: 2, presentLayers: 0 });
  assert.deepEqual(await load(second, 'r.example/second:v1'), { sentLayers: 1, presentLayers: 1 });
  assert.deepEqual(await load(second, 'r.example/second:v2'), { sentLayers: 0, presentLayers: 2 });
  const ctr = async (...args: string[]) =>
    (await run(CTR, ['--address', containerd.address, '--namespace', 'k8s.io', ...args])).stdout;
  const names = (await ctr('images', 'list', '--quiet')).trim().split('\n').sort();
  assert.deepEqual(names, ['r.example/first:v1', 'r.example/second:v1', 'r.example/second:v2']);
  const listed = await ctr('images', 'list');
  for (const image of [first, second]) assert.ok(listed.includes(image.manifest.digest), listed);
  // Every blob is there: containerd has checked its digest when it came.
  const check = (await ctr('images', 'check')).trim().split('\n').slice(1);
  assert.equal(check.length, names.length);
  for (const line of check) assert.match(line, /complete \((\d+)\/\1\)/);
});

test('says why containerd cannot be reached, and that ctr is missing', async () => {
  await using folder = await scratchFolder();
  const image = await imageOf(folder.path, 'i', [await layerOf(folder.path, 'a', [text('/a', 'a')])]);
  const options = { image, names: ['x:y'], address: '/none.sock', namespace: 'k8s.io', unpack: false, signal: NEVER };
  await assert.rejects(loadContainerd({ ...options, ctr: CTR }), (error) => {
    return (
      error instanceof ToolError &&
      error.code === 'OCI_CTR_FAILED' &&
      /\/none\.sock: content list: .*no such file/s.test(error.message)
    );
  });
  await assert.rejects(loadContainerd({ ...options, ctr: '/no/ctr' }), /\/no\/ctr could not be started/);
});

test('sends a Docker daemon the layers that it lacks, as plain tars', async () => {
  await using folder = await scratchFolder();
  const base = await layerOf(folder.path, 'base', [text('/base', 'b')]);
  const app = await layerOf(folder.path, 'app', [text('/app', 'a')]);
  const image = await imageOf(folder.path, 'i', [base, app]);
  await using docker = await startFakeDocker(folder.path, {
    images: [['sha256:other'], [base.descriptor.diffId, 'sha256:x']],
  });
  const report = await loadDocker(apiOf(docker), { image, names: ['i:v1'] });
  assert.deepEqual(report, { sentLayers: 1, presentLayers: 1 });
  const path = (layer: typeof app) => `${layer.descriptor.diffId.slice(7)}/layer.tar`;
  const config = `${image.config.digest.slice(7)}.json`;
  assert.deepEqual(JSON.parse(docker.archive.get('manifest.json')?.toString('utf8') ?? ''), [
    { Config: config, RepoTags: ['i:v1'], Layers: [path(base), path(app)] },
  ]);
  assert.equal(digestOf(docker.archive.get(config) ?? ''), image.config.digest);
  assert.equal(digestOf(docker.archive.get(path(app)) ?? ''), app.descriptor.diffId);
  assert.equal(docker.archive.has(path(base)), false);
  assert.deepEqual(
    docker.requests.filter((count) => count > 1),
    [],
    'a load has no limit of time, and so no connection that another request has given one',
  );
  await loadDocker(apiOf(docker), { image, names: ['i:v1'], allLayers: true });
  assert.equal(digestOf(docker.archive.get(path(base)) ?? ''), base.descriptor.diffId);
});

test('sends a layer once that an image has twice', async () => {
  await using folder = await scratchFolder();
  const [one, two] = await Promise.all(['one', 'two'].map((name) => layerOf(folder.path, name, [text('/a', 'a')])));
  assert.ok(one !== undefined && two !== undefined);
  const image = await imageOf(folder.path, 'i', [one, two]);
  const { diffId } = one.descriptor;
  const path = `${diffId.slice(7)}/layer.tar`;
  // What the daemon has below another layer is no file of an archive; the same layer on top of itself is.
  for (const images of [[], [[diffId]]]) {
    await using docker = await startFakeDocker(folder.path, { images });
    await loadDocker(apiOf(docker), { image, names: ['i:v1'] });
    const [{ Layers }] = JSON.parse(docker.archive.get('manifest.json')?.toString('utf8') ?? '');
    assert.deepEqual(Layers, [path, path]);
    assert.equal(digestOf(docker.archive.get(path) ?? ''), diffId);
  }
});

test('sends a Docker daemon that keeps images in containerd’s store a whole layout', async () => {
  await using folder = await scratchFolder();
  const image = await imageOf(folder.path, 'i', [await layerOf(folder.path, 'a', [text('/a', 'a')])]);
  await using docker = await startFakeDocker(folder.path, {
    driver: [['driver-type', 'io.containerd.snapshotter.v1']],
  });
  await loadDocker(apiOf(docker), { image, names: ['i:v1'] });
  for (const { digest } of [image.manifest, image.config, ...image.layers]) {
    assert.equal(digestOf(docker.archive.get(`blobs/${digest.replace(':', '/')}`) ?? ''), digest);
  }
});

test('fails with the words of a Docker daemon that refuses an archive', async () => {
  await using folder = await scratchFolder();
  const image = await imageOf(folder.path, 'i', [await layerOf(folder.path, 'a', [text('/a', 'a')])]);
  await using docker = await startFakeDocker(folder.path, {
    load: '{"errorDetail":{"message":"no space"},"error":"no space"}\n',
  });
  await assert.rejects(loadDocker(apiOf(docker), { image, names: ['i:v1'] }), {
    code: 'OCI_DOCKER_LOAD',
    message: /no space/,
  });
  const nobody = new DockerApi({ socketPath: '/none.sock' }, NEVER);
  await assert.rejects(loadDocker(nobody, { image, names: [] }), {
    code: 'OCI_DOCKER_UNREACHABLE',
    message: 'Asking the Docker daemon at /none.sock: ENOENT',
  });
});

test('counts the lowest layers that an image has in the same order', () => {
  assert.equal(sharedLayers(['a', 'b', 'c'], [['x'], ['a', 'x', 'c'], ['a', 'b']]), 2);
  assert.equal(sharedLayers(['a', 'b'], [['a', 'b', 'c']]), 2);
  assert.equal(sharedLayers(['a'], []), 0);
});

test('reads where Docker listens', () => {
  assert.deepEqual(dockerAddress(undefined), { socketPath: '/var/run/docker.sock' });
  assert.deepEqual(dockerAddress('unix:///x.sock'), { socketPath: '/x.sock' });
  assert.deepEqual(dockerAddress('tcp://127.0.0.1:2375'), { host: '127.0.0.1', port: 2375 });
  assert.throws(() => dockerAddress('ssh://host'), { code: 'OCI_DOCKER_HOST' });
});
