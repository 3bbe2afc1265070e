// `bazel run //prod:registry.gc` on a cluster: what runs stays whole, the rest is gone, and the registry goes on.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../tools/k8s/kube/client.ts';
import { isNotFound } from '../tools/k8s/kube/errors.ts';
import { findCluster } from '../tools/k8s/kube/kubeconfig.ts';
import { type KubeObject, asList, at, textAt } from '../tools/k8s/model/object.ts';
import { createLog } from '../tools/lib/log.ts';
import { runfile } from '../tools/lib/runfiles.ts';
import { readClusterState } from '../tools/lib/state.ts';
import {
  type OciImage,
  createTransport,
  headManifest,
  imageBlobs,
  imageDigest,
  isReadOnly,
  pushImages,
  readImage,
} from '../tools/oci/index.ts';
import { type ScratchFolder, layeredImage, noise, scratchFolder } from '../tools/oci/testing/sample_image.ts';

const signal = AbortSignal.timeout(1_500_000);
const state = await readClusterState('fathom');
assert.ok(state?.registry, 'a cluster is up, and has a registry');
const { endpoint, reference, plainHttp } = state.registry;
const access = await findCluster({
  env: process.env,
  context: 'fathom-fathom',
  cluster: 'fathom',
  user: '',
  files: [],
});
const client = createClient(access, { signal });
const transport = createTransport({ endpoint, plainHttp, signal });
const log = createLog(() => undefined);

const NAMESPACE = `registry-gc-${process.pid}`;
const REPOSITORY = 'tests/registry-gc';
const UNUSED_BYTES = 3_000_000;
const NODES_TAKE_MS = 120_000;

let scratch: ScratchFolder;
/** Runs in a pod. */
let used: OciImage;
let unused: OciImage;

const send = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
  client.request({ method, path, doing: `${method} ${path}`, ...(body === undefined ? {} : { body }) });

before(async () => {
  scratch = await scratchFolder();
  used = await readImage(runfile('fathom/prod/images/busybox/image.json'), (name) => runfile(name));
  unused = await layeredImage(scratch.path, 'unused', [noise(UNUSED_BYTES, `${process.pid} ${Date.now()}`)]);
  await send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
});
after(async () => {
  await send('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
  transport.close();
  client.close();
  await scratch[Symbol.asyncDispose]();
});

const push = (image: OciImage) =>
  pushImages([{ image, repository: REPOSITORY }], { endpoint, plainHttp, registry: reference, log, signal });

async function until<T>(what: string, look: () => Promise<T | undefined>, withinMs = NODES_TAKE_MS): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadlineMs, `${what}: not within ${withinMs} ms`);
    await sleep(200);
  }
}

/** Runs a pod of an image that the node must ask the registry for. */
async function runPod(name: string, image: OciImage): Promise<void> {
  const container = {
    name: 'main',
    image: `${reference}/${REPOSITORY}@${imageDigest(image)}`,
    imagePullPolicy: 'Always',
    command: ['sleep', '3600'],
  };
  const spec = { containers: [container], terminationGracePeriodSeconds: 0, automountServiceAccountToken: false };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
  await send('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, pod);
  await until(`pod ${name} runs`, async () => {
    const live = await send('GET', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`);
    return textAt(live, 'status', 'phase') === 'Running' ? true : undefined;
  });
}

/** Checks every byte of an image in the registry. */
async function requireWhole(image: OciImage): Promise<void> {
  assert.equal(await headManifest({ transport, repository: REPOSITORY }, imageDigest(image)), imageDigest(image));
  for (const { digest } of imageBlobs(image)) {
    const answer = await fetch(`http://${endpoint}/v2/${REPOSITORY}/blobs/${digest}`);
    const hash = createHash('sha256').update(Buffer.from(await answer.arrayBuffer()));
    assert.equal(`sha256:${hash.digest('hex')}`, digest);
  }
}

async function requireGone(image: OciImage): Promise<void> {
  assert.equal(await headManifest({ transport, repository: REPOSITORY }, imageDigest(image)), undefined);
  for (const { digest } of imageBlobs(image)) {
    const answer = await fetch(`http://${endpoint}/v2/${REPOSITORY}/blobs/${digest}`, { method: 'HEAD' });
    assert.equal(answer.status, 404);
  }
}

interface Run {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts the target as `bazel run` does. */
function start(args: readonly string[]): Run {
  const workspace = dirname(dirname(realpathSync(runfile('fathom/prod/services.bzl'))));
  const child = spawn(runfile('fathom/prod/registry.gc'), ['--keep-younger-than=0', '--yes', ...args], {
    env: { ...process.env, BUILD_WORKSPACE_DIRECTORY: workspace },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve({ code, ...output })),
  );
  return { child, stderr: () => output.stderr, ended };
}

interface Result {
  readonly deleted: readonly { readonly digest: string; readonly repository: string }[];
  readonly freedBytes: number;
  readonly totalBytes: number;
}

async function collect(args: readonly string[] = []): Promise<Result> {
  const { code, stdout, stderr } = await start([...args, '--output=json']).ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Result;
}

const isWritable = async () => !(await isReadOnly({ transport, repository: REPOSITORY }));

async function registryPods(): Promise<KubeObject[]> {
  const list = await send('GET', '/api/v1/namespaces/registry/pods');
  return asList(at(list, 'items')).filter(
    (pod) => textAt(pod, 'metadata', 'deletionTimestamp') === undefined,
  ) as KubeObject[];
}

test('a dry run tells what would go, and nothing goes', { timeout: 300_000 }, async () => {
  await Promise.all([push(used), push(unused)]);
  await runPod('before', used);
  const { deleted, freedBytes } = await collect(['--dry-run']);
  const digests = deleted.map(({ digest }) => digest);
  assert.ok(digests.includes(imageDigest(unused)));
  assert.ok(!digests.includes(imageDigest(used)));
  assert.ok(freedBytes > UNUSED_BYTES);
  await Promise.all([used, unused].map(requireWhole));
});

test('what is unused goes with its blobs, what runs stays whole and can be pulled', { timeout: 600_000 }, async () => {
  const { deleted, freedBytes, totalBytes } = await collect();
  assert.ok(deleted.some(({ digest }) => digest === imageDigest(unused)));
  await requireGone(unused);
  await requireWhole(used);
  await runPod('after', used);
  const left = await collect(['--dry-run']);
  // The last pods of other tests may have ended meanwhile.
  assert.deepEqual(
    left.deleted.filter(({ repository }) => repository === REPOSITORY),
    [],
  );
  assert.equal(left.totalBytes, totalBytes - freedBytes);
  assert.equal(await isWritable(), true);
});

test(
  'the registry has it all after its pod was deleted, and takes what went once more',
  { timeout: 300_000 },
  async () => {
    const former = await registryPods();
    assert.equal(former.length, 1);
    await send('DELETE', `/api/v1/namespaces/registry/pods/${former[0]?.metadata.name}`);
    await until('another pod is ready', async () => {
      const [pod] = await registryPods();
      const conditions = asList(at(pod, 'status', 'conditions'));
      const isReady = conditions.some((one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True');
      return isReady && pod?.metadata.name !== former[0]?.metadata.name ? true : undefined;
    });
    await until('the registry answers', async () => ((await isWritable().catch(() => false)) ? true : undefined));
    await requireWhole(used);
    await push(unused);
    await requireWhole(unused);
  },
);

test('a collection that was killed is mended by the next one', { timeout: 600_000 }, async () => {
  const run = start([]);
  // At once: there is little to delete, and it is soon over.
  run.child.stderr?.on('data', () => {
    if (run.stderr().includes('deleting blobs')) run.child.kill('SIGKILL');
  });
  await run.ended;
  assert.equal(run.child.signalCode, 'SIGKILL', run.stderr());
  assert.equal(await isWritable(), false);
  const { code, stderr } = await start([]).ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /a collection was cut off/);
  assert.equal(await isWritable(), true);
  await requireGone(unused);
  await requireWhole(used);
});

test('what nobody runs any more goes, too', { timeout: 600_000 }, async () => {
  for (const name of ['before', 'after']) {
    await send('DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`);
    await until(`pod ${name} is gone`, async () => {
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}`;
      return send('GET', path).then(
        () => undefined,
        (error: unknown) => {
          if (isNotFound(error)) return true;
          throw error;
        },
      );
    });
  }
  const { deleted } = await collect();
  assert.ok(deleted.some(({ digest, repository }) => repository === REPOSITORY && digest === imageDigest(used)));
  // Its blobs may be those of other images, too.
  assert.equal(await headManifest({ transport, repository: REPOSITORY }, imageDigest(used)), undefined);
});
