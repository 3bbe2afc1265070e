// `bazel run //tools/ci/remote_cache`: pushes an image with a real Bazel, a real remote cache and a real registry.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeClusterState } from '../../lib/state.ts';
import { readImage } from '../../oci/index.ts';
import { createTransport, headManifest, imageDigest } from '../../oci/index.ts';
import { startBazelRemote } from '../../oci/testing/bazel_remote.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { startRealRegistry } from '../../oci/testing/real_registry.ts';

const run = promisify(execFile);
const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const folder = await mkdtemp(join(tmpdir(), 'fathom-remote-cache-'));
const reference = 'registry.fathom.internal';
const PUSH = '//tools/nodejs/testing:push';
const REPOSITORY = 'tools/nodejs/testing';
// TEST_TMPDIR would make the inner Bazel keep its outputs in the outer one's.
const env = { ...process.env, FATHOM_STATE: join(folder, 'state'), TEST_TMPDIR: undefined };

/** Bazel with an output base of its own. */
async function bazel(machine: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(
    process.env['FATHOM_BAZEL'] ?? 'bazel',
    [`--output_base=${join(folder, machine)}`, ...args],
    { cwd: workspace, env, maxBuffer: 64 << 20, timeout: 1_200_000 },
  );
  return stdout + stderr;
}

/** The blobs of layers among the outputs of a machine's Bazel. */
async function blobsOf(machine: string): Promise<string[]> {
  const outputs = join(folder, machine, 'execroot');
  const files = await readdir(outputs, { recursive: true });
  return files.filter((file) => /\.tar\.(zst|gz)$/.test(file) && !file.includes('/external/'));
}

after(async () => {
  for (const machine of ['builder', 'pusher']) await bazel(machine, 'shutdown').catch(() => undefined);
  await run('chmod', ['-R', 'u+w', folder]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

test('a machine that builds nothing pushes out of the remote cache, and downloads no blob that the registry has', async () => {
  await using remote = await startBazelRemote(peerPath('BAZEL_REMOTE'), folder);
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder);
  await writeClusterState(
    {
      version: 1,
      name: 'fathom',
      provider: 'existing',
      kubeconfig: join(folder, 'none'),
      registry: { reference, endpoint: registry.endpoint, plainHttp: true },
    },
    env,
  );
  const shared = ['--disk_cache=', `--remote_cache=${remote.grpc}`];
  await bazel('builder', 'build', ...shared, PUSH);
  assert.ok((await blobsOf('builder')).length >= 5, 'what is built here has blobs');

  const lazy = [...shared, '--remote_upload_local_results=false', `--//tools/oci:remote_cache=${remote.grpc}`];
  await bazel('pusher', 'build', ...lazy, '--remote_download_minimal', PUSH);
  assert.deepEqual(await blobsOf('pusher'), []);
  // Bazel 4 runs nothing whose files were not downloaded: _toplevel fetches what the run itself needs.
  const push = [...lazy, '--remote_download_toplevel', PUSH];
  // Its documents name the cache, so they are not those of the build before; blobs are.
  const first = await bazel('pusher', 'run', ...push);
  assert.match(first, /pushed \d+ blobs/);
  assert.deepEqual(await blobsOf('pusher'), []);
  const transport = createTransport({
    endpoint: registry.endpoint,
    plainHttp: true,
    signal: AbortSignal.timeout(60_000),
  });
  const output = /^\/.*\/bin$/m.exec(await bazel('pusher', 'info', 'bazel-bin'))?.[0] ?? '';
  const image = await readImage(join(output, REPOSITORY, 'image.json'), (path) => path);
  assert.equal(await headManifest({ transport, repository: REPOSITORY }, 'latest'), imageDigest(image));
  transport.close();

  const layers = image.layers.map(({ digest }) => digest.slice('sha256:'.length));
  const reads = async () =>
    (await remote.accesses()).filter((line) => layers.some((hash) => line.includes(hash))).length;
  const before = await reads();
  assert.ok(before >= layers.length, 'each layer was read once for the registry');
  await bazel('pusher', 'run', ...push);
  assert.equal(await reads(), before, 'the registry has all layers, so none is read again');
});
