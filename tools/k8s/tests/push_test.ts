// What verbs push to a registry of a cluster: images as the build made them, with the documents about them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { digestOf } from '../../lib/digest.ts';
import { runfile } from '../../lib/runfiles.ts';
import { createTransport, fetchArtifact, headManifest, listReferrers, parseReference } from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { startRealRegistry } from '../../oci/testing/real_registry.ts';
import { scratchFolder } from '../../oci/testing/sample_image.ts';
import { textAt } from '../model/object.ts';

const REFERENCE = 'registry.fathom.internal';
const TYPES = ['application/spdx+json', 'application/vnd.in-toto+json'];

/** Runs a verb of the sample, with a cluster whose registry is at an endpoint. */
async function verb(name: string, folder: string, endpoint: string, target = 'myns-deep') {
  const state = join(folder, 'state/fathom/cluster.json');
  await mkdir(dirname(state), { recursive: true });
  const registry = { reference: REFERENCE, endpoint, plainHttp: true };
  const provider = 'embedded';
  await writeFile(state, JSON.stringify({ version: 1, name: 'fathom', provider, kubeconfig: '/none', registry }));
  const child = spawn(runfile(`fathom/tools/k8s/tests/sample/${target}.${name}`), [], {
    env: { PATH: process.env['PATH'], HOME: folder, FATHOM_STATE: join(folder, 'state'), FATHOM_USER: 'ada' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { status, ...output };
}

/** Checks that an image is in the registry, with its bill of materials and its provenance. */
async function assertComplete(image: string, endpoint: string): Promise<void> {
  const { repository, digest = '' } = parseReference(image);
  const transport = createTransport({ endpoint, plainHttp: true, signal: AbortSignal.timeout(60_000) });
  try {
    const place = { transport, repository };
    assert.equal(await headManifest(place, digest), digest, image);
    const referrers = await listReferrers(place, digest as `sha256:${string}`);
    assert.deepEqual(referrers.map(({ artifactType }) => artifactType).sort(), TYPES, image);
    for (const referrer of referrers) {
      const [document] = await fetchArtifact(place, referrer);
      assert.equal(document?.blob.digest, digestOf(document?.bytes ?? Buffer.alloc(0)));
      const text = document?.bytes.toString('utf8') ?? '';
      // Both are about this image, and no other.
      assert.ok(text.includes(digest.slice('sha256:'.length)), `${image}: ${referrer.artifactType}`);
    }
  } finally {
    transport.close();
  }
}

/** The image of the one container in manifests. */
function imageIn(yaml: string): string {
  const documents = parseAllDocuments(yaml);
  assert.ok(Array.isArray(documents));
  const [container] = documents
    .map((document) => document.toJS())
    .flatMap((object) => object.spec?.template.spec.containers ?? []);
  return textAt(container, 'image') ?? '';
}

test('resolve pushes an index with its images, and names the index', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const { status, stdout, stderr } = await verb('resolve', folder.path, registry.endpoint, 'indexed');
  assert.equal(status, 0, stderr);
  const { repository, digest = '' } = parseReference(imageIn(stdout));
  const response = await fetch(`http://${registry.endpoint}/v2/${repository}/manifests/${digest}`, {
    headers: { accept: 'application/vnd.oci.image.index.v1+json' },
  });
  assert.equal(response.status, 200);
  const { manifests } = (await response.json()) as {
    readonly manifests: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[];
  };
  assert.deepEqual(manifests.map(({ platform }) => platform.architecture).sort(), ['amd64', 'arm64']);
  for (const one of manifests) {
    await assertComplete(`${REFERENCE}/${repository}@${one.digest}`, registry.endpoint);
  }
});

test('resolve pushes the images of a k8s_object with their bill of materials and provenance', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const { status, stdout, stderr } = await verb('resolve', folder.path, registry.endpoint);
  assert.equal(status, 0, stderr);
  const image = imageIn(stdout);
  assert.match(image, /^registry\.fathom\.internal\/tools\/k8s\/tests\/sample\/web@sha256:[0-9a-f]{64}$/);
  await assertComplete(image, registry.endpoint);
  assert.doesNotMatch((await verb('resolve', folder.path, registry.endpoint)).stderr, /pushed/, 'nothing again');
});

test('image pushes the image that applies the stack, and what the stack runs, and prints where it is', async () => {
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const { status, stdout, stderr } = await verb('image', folder.path, registry.endpoint);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^registry\.fathom\.internal\/tools\/k8s\/tests\/sample\/myns-deep@sha256:[0-9a-f]{64}\n$/);
  await assertComplete(stdout.trim(), registry.endpoint);
  const resolved = await verb('resolve', folder.path, registry.endpoint);
  assert.doesNotMatch(resolved.stderr, /pushed/, 'what the stack runs is there by now');
});

test('a registry that is down is an error that says what puts it back', async () => {
  await using folder = await scratchFolder();
  const { status, stdout, stderr } = await verb('resolve', folder.path, '127.0.0.1:9');
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^error: K8S_REGISTRY_DOWN: .*nothing answers at 127\.0\.0\.1:9/m);
  assert.match(
    stderr,
    /hint: .*\.\/fathom up.*bazel run \/\/prod:registry\.status.*bazel run \/\/prod:registry\.apply/,
  );
});
