// `bazel run //tools/ci/oci_pull`: a workspace of its own takes an image of a real registry as a base.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { createLog } from '../../lib/log.ts';
import { writeClusterState } from '../../lib/state.ts';
import { imageDigest, pushImages, readImage } from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { startRealRegistry } from '../../oci/testing/real_registry.ts';
import { layeredImage, noise } from '../../oci/testing/sample_image.ts';
import { binFolder, endNested, nestedBazel } from '../nested/nested_bazel.ts';

const folder = await mkdtemp(join(tmpdir(), 'fathom-oci-pull-'));
const workspace = join(folder, 'workspace');
const reference = 'registry.fathom.internal';
const env = { ...process.env, FATHOM_STATE: join(folder, 'state') };

const bazel = nestedBazel({ folder, workspace, env });

async function writeWorkspace(image: string, digest: string): Promise<void> {
  await mkdir(workspace, { recursive: true });
  await writeFile(
    join(workspace, 'WORKSPACE'),
    `workspace(name = "pulling")

local_repository(
    name = "fathom",
    path = ${JSON.stringify(process.env['BUILD_WORKSPACE_DIRECTORY'])},
)

load("@fathom//tools:repositories.bzl", "fathom_repositories")

fathom_repositories()

load("@fathom//tools:packages.bzl", "fathom_packages")

fathom_packages()

load("@fathom//tools/oci:defs.bzl", "oci_pull")

oci_pull(
    name = "base",
    digest = ${JSON.stringify(digest)},
    image = ${JSON.stringify(image)},
    plain_http = True,
)
`,
  );
  await writeFile(
    join(workspace, 'BUILD.bazel'),
    `load("@fathom//tools/oci:defs.bzl", "oci_image", "oci_push")

oci_image(
    name = "image",
    base = "@base//image",
    repository = "team/app",
    texts = {"/etc/ours": "ours"},
)

oci_push(
    name = "push",
    image = ":image",
    registry = ${JSON.stringify(reference)},
    remote_tags = ["v1"],
)
`,
  );
  const cache = join(process.env['HOME'] ?? '/root', '.cache/fathom');
  await writeFile(
    join(workspace, '.bazelrc'),
    `common --repository_cache=${cache}/bazel-repositories\nbuild --disk_cache=${cache}/bazel-disk\nbuild --incompatible_strict_action_env\n`,
  );
}

/** The blobs of pulled layers among Bazel's outputs. */
async function pulledBlobs(): Promise<string[]> {
  const files = await readdir(join(folder, 'out/execroot/pulling/bazel-out'), { recursive: true });
  return files.filter((file) => /external\/base\/layer\d+\.blob$/.test(file));
}

after(() => endNested(folder, bazel));

test('builds on an image of a registry, pushes it, and downloads its layers only when their bytes are asked for', async () => {
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder);
  const { endpoint } = registry;
  await writeClusterState(
    {
      version: 1,
      name: 'fathom',
      provider: 'existing',
      kubeconfig: join(folder, 'none'),
      registry: { reference, endpoint, plainHttp: true },
    },
    env,
  );
  const base = await layeredImage(folder, 'base', [noise(200_000, 'one'), noise(100_000, 'two')]);
  const options = { endpoint, plainHttp: true, log: createLog(() => undefined), signal: AbortSignal.timeout(60_000) };
  await pushImages([{ image: base, repository: 'team/base' }], options);
  await writeWorkspace(`${endpoint}/team/base`, imageDigest(base));

  await bazel('run', '//:push');
  const output = await binFolder(bazel);
  const image = await readImage(join(output, 'image.json'), (path) => path);
  const [one, two, ours, ...more] = image.layers.map(({ digest }) => digest);
  assert.deepEqual(
    [one, two],
    base.layers.map(({ digest }) => digest),
  );
  assert.notEqual(ours, undefined);
  assert.deepEqual(more, []);
  const { status } = await fetch(`http://${endpoint}/v2/team/app/manifests/${imageDigest(image)}`, {
    method: 'HEAD',
    headers: { accept: image.manifest.mediaType },
  });
  assert.equal(status, 200);
  assert.deepEqual(await pulledBlobs(), [], 'a push mounts what the registry has');

  await bazel('build', '--output_groups=blobs', '@base//:image');
  const blobs = await pulledBlobs();
  assert.equal(blobs.length, 2);
  const digests = await Promise.all(
    blobs.sort().map(async (file) => digestOf(await readFile(join(folder, 'out/execroot/pulling/bazel-out', file)))),
  );
  assert.deepEqual(digests, [one, two]);
});

test('says which image a registry does not have, and what to do', async () => {
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder);
  await writeWorkspace(`${registry.endpoint}/team/base`, digestOf('another'));
  await assert.rejects(bazel('build', '//:image'), (error: Error & { stderr?: string }) => {
    assert.match(error.stderr ?? '', /@base: .*OCI_NOT_FOUND: .*team\/base@sha256:/s);
    assert.doesNotMatch(error.stderr ?? '', /\n\s+at .*\.ts:\d+/);
    return true;
  });
});
