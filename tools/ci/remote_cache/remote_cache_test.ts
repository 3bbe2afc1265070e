// `bazel run //tools/ci/remote_cache`: pushes an image with a real Bazel, a real remote cache and a real registry.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeClusterState } from '../../lib/state.ts';
import { createTransport, headManifest, imageDigest, readImage } from '../../oci/index.ts';
import { startBazelRemote } from '../../oci/testing/bazel_remote.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { startRealRegistry } from '../../oci/testing/real_registry.ts';
import { type NestedBazel, binFolder, endNested, nestedBazel } from '../nested/nested_bazel.ts';

const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const folder = await mkdtemp(join(tmpdir(), 'fathom-remote-cache-'));
const reference = 'registry.fathom.internal';
const PUSH = '//tools/nodejs/testing:push';
const REPOSITORY = 'tools/nodejs/testing';
const env = { ...process.env, FATHOM_STATE: join(folder, 'state') };

const [builder, pusher] = ['builder', 'pusher'].map((name) =>
  nestedBazel({ folder, name, workspace, env, timeoutMs: 1_200_000 }),
) as [NestedBazel, NestedBazel];

/** The blobs of layers among the outputs of a machine's Bazel. */
async function blobsOf(machine: string): Promise<string[]> {
  const outputs = join(folder, machine, 'execroot');
  const files = await readdir(outputs, { recursive: true });
  return files.filter((file) => /\.tar\.(zst|gz)$/.test(file) && !file.includes('/external/'));
}

after(() => endNested(folder, builder, pusher));

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
  await builder('build', ...shared, PUSH);
  assert.ok((await blobsOf('builder')).length >= 5, 'what is built here has blobs');

  const lazy = [...shared, '--remote_upload_local_results=false', `--//tools/oci:remote_cache=${remote.grpc}`];
  await pusher('build', ...lazy, '--remote_download_minimal', PUSH);
  assert.deepEqual(await blobsOf('pusher'), []);
  // Bazel 4 runs nothing whose files were not downloaded: _toplevel fetches what the run itself needs.
  const push = [...lazy, '--remote_download_toplevel', PUSH];
  // Its documents name the cache, so they are not those of the build before; blobs are.
  const first = await pusher('run', ...push);
  assert.match(first, /pushed \d+ blobs/);
  assert.deepEqual(await blobsOf('pusher'), []);
  const transport = createTransport({
    endpoint: registry.endpoint,
    plainHttp: true,
    signal: AbortSignal.timeout(60_000),
  });
  const output = await binFolder(pusher);
  const image = await readImage(join(output, REPOSITORY, 'image.json'), (path) => path);
  assert.equal(await headManifest({ transport, repository: REPOSITORY }, 'latest'), imageDigest(image));
  transport.close();

  const layers = image.layers.map(({ digest }) => digest.slice('sha256:'.length));
  const reads = async () =>
    (await remote.accesses()).filter((line) => layers.some((hash) => line.includes(hash))).length;
  const before = await reads();
  assert.ok(before >= layers.length, 'each layer was read once for the registry');
  await pusher('run', ...push);
  assert.equal(await reads(), before, 'the registry has all layers, so none is read again');
});
