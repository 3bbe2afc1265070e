// Collections against a real API server and a real registry, which runs as a process here and in a pod elsewhere.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import {
  type OciImage,
  type OciImageIndex,
  createTransport,
  headManifest,
  imageBlobs,
  imageDigest,
  isReadOnly,
  pushImages,
} from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import {
  type ScratchFolder,
  layeredImage,
  layeredIndex,
  noise,
  scratchFolder,
} from '../../oci/testing/sample_image.ts';
import type { Pins } from '../model/pins.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap } from '../testing/objects.ts';
import { withSession } from '../testing/stack.ts';
import { applyVerb } from '../verbs/apply.ts';
import { registryGc } from './gc.ts';
import type { RegistryHost } from './host.ts';
import { type LocalRegistry, startLocalRegistry } from './testing/local_registry.ts';

const REGISTRY = 'registry.test';
const SETTINGS = { registry: REGISTRY, deployment: 'd', program: 'p', config: 'c', readOnlyConfig: 'r' };
const ANY_AGE = '--keep-younger-than=0';
const LAYER_BYTES = 100_000;

let server: ApiServer;
let scratch: ScratchFolder;
const { get, merge, post, remove } = callsTo(() => server);
before(async () => {
  scratch = await scratchFolder();
  server = await startApiServer();
});
after(async () => {
  await scratch[Symbol.asyncDispose]();
  await server.stop();
});

type Image = OciImage | OciImageIndex;

const signal = () => AbortSignal.timeout(60_000);

async function push(endpoint: string, images: readonly Image[], tags: readonly string[] = []): Promise<void> {
  const items = images.map((image) => ({ image, repository: image.repository, tags }));
  await pushImages(items, { endpoint, plainHttp: true, log: createLog(() => undefined), signal: signal() });
}

/** An image of its own layer and one that all share. */
function imageOf(name: string): Promise<OciImage> {
  return layeredImage(scratch.path, name, [noise(LAYER_BYTES, 'base'), noise(LAYER_BYTES, name)]);
}

/** Whether an image is there, and all of its blobs as they were pushed; or none of it that is its own. */
async function isWhole(endpoint: string, image: Image): Promise<boolean> {
  const { repository } = image;
  const transport = createTransport({ endpoint, plainHttp: true, signal: signal() });
  try {
    if ((await headManifest({ transport, repository }, imageDigest(image))) === undefined) return false;
  } finally {
    transport.close();
  }
  for (const { digest, size } of 'images' in image ? image.images.flatMap(imageBlobs) : imageBlobs(image)) {
    const answer = await fetch(`http://${endpoint}/v2/${repository}/blobs/${digest}`);
    assert.equal((await answer.arrayBuffer()).byteLength, size, `${repository}: ${digest}`);
  }
  return true;
}

interface Collection {
  readonly args?: readonly string[];
  readonly pins?: () => Promise<readonly Pins[]>;
  readonly host?: Partial<RegistryHost>;
  readonly context?: string;
  readonly signal?: AbortSignal;
}

/** Collects; what it prints, and what it logs. */
async function collect({ endpoint, host }: LocalRegistry, collection: Collection = {}) {
  const { args = [ANY_AGE], pins = async () => [] } = collection;
  const state = { reference: REGISTRY, endpoint, plainHttp: true };
  await mkdir(join(scratch.path, 'fathom'), { recursive: true });
  await writeFile(
    join(scratch.path, 'fathom/cluster.json'),
    JSON.stringify({
      version: 1,
      name: 'fathom',
      provider: 'embedded',
      kubeconfig: server.kubeconfig,
      registry: state,
    }),
  );
  const printed: string[] = [];
  const stack = {
    sets: [{ stack: 'registry', namespace: 'default', objects: [configMap('registry', 'default')] }],
    cluster: 'fathom',
    env: { FATHOM_STATE: scratch.path },
    args: ['--wait-lock=0', '--timeout=10s', ...args],
    streams: { print: (line: string) => void printed.push(line) },
    ...(collection.context === undefined ? {} : { context: collection.context }),
    ...(collection.signal === undefined ? {} : { signal: collection.signal }),
  };
  return withSession(server, stack, async ({ session, lines }) => {
    const hostFor = () => ({ ...host, ...collection.host });
    await registryGc({ session, settings: SETTINGS, readPins: pins, hostFor });
    return { printed, lines };
  });
}

const start = () => startLocalRegistry(peerPath('OCI_REGISTRY_3'), scratch.path);
const referenceOf = (image: Image) => `${REGISTRY}/${image.repository}@${imageDigest(image)}`;
const pinsOf = (image: Image): Pins => ({ prod: { x: { digest: imageDigest(image) } } });

/** Makes a pod that nothing runs. */
async function makePod(name: string, image: string): Promise<void> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'web', image }] } };
  await post('/api/v1/namespaces/default/pods', pod);
}

test('keeps what pods, templates, revisions, pins and tags need; deletes the rest, and its blobs', async () => {
  await using registry = await start();
  const { endpoint } = registry;
  const names = ['pod', 'scaled', 'recorded', 'pinned', 'by-tag', 'unused', 'tagged'];
  const all = await Promise.all(names.map((name) => imageOf(`services/${name}`)));
  const [pod, scaled, recorded, pinned, byTag, unused, tagged] = all as [
    ...[OciImage, OciImage, OciImage, OciImage, OciImage, OciImage, OciImage],
  ];
  const index = await layeredIndex(scratch.path, 'services/index', [noise(LAYER_BYTES, 'index')]);
  const goneIndex = await layeredIndex(scratch.path, 'services/gone', [noise(LAYER_BYTES, 'gone index')]);
  const path = join(scratch.path, 'sbom.json');
  await writeFile(path, JSON.stringify({ of: 'pod' }));
  const document = { artifactType: 'application/spdx+json', mediaType: 'application/spdx+json', path };
  const documented = { ...pod, artifacts: [document] };
  const goneDocumented = { ...unused, artifacts: [document] };
  await push(endpoint, [documented, scaled, recorded, pinned, index, goneIndex, goneDocumented]);
  await push(endpoint, [byTag, tagged], ['v1']);

  await makePod('one', referenceOf(pod));
  await makePod('two', referenceOf(index));
  await makePod('three', `${REGISTRY}/services/by-tag:v1`);
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { containers: [{ name: 'x', image: referenceOf(scaled) }] },
  };
  await post('/apis/apps/v1/namespaces/default/deployments', {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'scaled' } },
    spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template },
  });
  // Of a revision that is not the last one: only its record knows the image.
  for (const image of [referenceOf(recorded), 'none']) {
    const objects = [configMap('settings', 'default', { image })];
    const stack = { sets: [{ stack: 'app', namespace: 'default', objects }], args: ['--no-wait'] };
    await withSession(server, stack, ({ session }) => applyVerb(session, 'apply'));
  }

  const before = await registry.storedBytes();
  const { printed } = await collect(registry, { pins: async () => [pinsOf(pinned)] });
  for (const image of [documented, scaled, recorded, pinned, byTag, index]) {
    assert.equal(await isWhole(endpoint, image), true, image.repository);
  }
  for (const image of [unused, tagged, goneIndex]) {
    assert.equal(await isWhole(endpoint, image), false, image.repository);
  }
  // Two layers of images, one that two images share; none of the base that others have.
  const after = await registry.storedBytes();
  assert.ok(before - after > 3 * LAYER_BYTES && before - after < 4 * LAYER_BYTES, `${before} to ${after}`);
  assert.deepEqual(registry.calls, ['read-only', 'sweep', 'writable']);
  assert.match(printed.join('\n'), /^services\/unused +0 +3 +\d/m);
  assert.match(printed.join('\n'), /^services\/pod +3 +0 +-$/m);
  assert.match(printed.at(-1) ?? '', /^deleted 7 of 17 manifests, 3\d\d(\.\d)? kB of /);

  await push(endpoint, [unused, goneIndex]);
  assert.equal(await isWhole(endpoint, unused), true, 'what was deleted can be pushed again');
  assert.equal(await isWhole(endpoint, goneIndex), true);
  for (const name of ['one', 'two', 'three']) {
    await remove(`/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`);
  }
});

test('a dry run says the same and deletes nothing', async () => {
  await using registry = await start();
  const unused = await imageOf('dry');
  await push(registry.endpoint, [unused]);
  const { printed } = await collect(registry, { args: [ANY_AGE, '--dry-run'] });
  assert.match(printed.at(-1) ?? '', /^would delete 1 of 1 manifests, 20\d(\.\d)? kB of 20\d(\.\d)? kB$/);
  const json = await collect(registry, { args: [ANY_AGE, '--dry-run', '--output=json'] });
  assert.equal(json.printed.length, 1);
  assert.deepEqual((JSON.parse(json.printed[0] ?? '') as { deleted: unknown }).deleted, [
    { repository: 'dry', digest: imageDigest(unused) },
  ]);
  assert.equal(await isWhole(registry.endpoint, unused), true);
  assert.deepEqual(registry.calls, []);
});

test('keeps for a day what was pushed, and what has a tag where that is wanted; an empty registry is none to start anew', async () => {
  await using registry = await start();
  assert.match((await collect(registry)).printed.at(-1) ?? '', /^nothing to collect: 0 manifests/);
  const image = await imageOf('young');
  await push(registry.endpoint, [image], ['v1']);
  assert.match((await collect(registry, { args: [] })).printed.at(-1) ?? '', /^nothing to collect: 1 manifests/);
  await collect(registry, { args: [ANY_AGE, '--keep-tagged'] });
  assert.equal(await isWhole(registry.endpoint, image), true);
  assert.deepEqual(registry.calls, []);
  await collect(registry);
  assert.equal(await isWhole(registry.endpoint, image), false);
});

test('deletes nothing where it may not see all', async () => {
  await using registry = await start();
  const image = await imageOf('unseen');
  await push(registry.endpoint, [image]);
  // All but Secrets, where the revisions are.
  const rules = [
    { apiGroups: ['apps', 'batch', 'coordination.k8s.io'], resources: ['*'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods', 'podtemplates', 'replicationcontrollers'], verbs: ['list'] },
  ];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await post(`${rbac}/clusterroles`, { metadata: { name: 'half' }, rules });
  await post(`${rbac}/clusterrolebindings`, {
    metadata: { name: 'half' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'nobody' }],
    roleRef: { kind: 'ClusterRole', apiGroup: 'rbac.authorization.k8s.io', name: 'half' },
  });
  await assert.rejects(collect(registry, { context: 'nobody' }), {
    code: 'K8S_REGISTRY_IN_USE',
    message: /secrets.*no image was deleted$/,
    hint: /Secrets and Pod, /,
  });
  assert.equal(await isWhole(registry.endpoint, image), true);
});

test('deletes nothing where revisions or pins cannot be read', async () => {
  await using registry = await start();
  const image = await imageOf('unread');
  await push(registry.endpoint, [image]);
  const broken = new Error('pins.json is broken');
  await assert.rejects(collect(registry, { pins: () => Promise.reject(broken) }), broken);
  const path = '/api/v1/namespaces/default/secrets/fathom-app';
  const former = (await get(path))?.['data'];
  await merge(path, { data: { 'objects.json.zst': Buffer.from('no archive').toString('base64') } });
  await assert.rejects(collect(registry), { code: 'K8S_REGISTRY_IN_USE', message: /Secret default\/fathom-app/ });
  await merge(path, { data: former });
  assert.equal(await isWhole(registry.endpoint, image), true);
});

/** Answers the first question with `first`, all others with `later`. */
function changing<T>(first: T, later: () => Promise<T>): () => Promise<T> {
  let count = 0;
  return async () => (count++ === 0 ? first : later());
}

test('puts back what came into use while it was deleted, with its tags', async () => {
  await using registry = await start();
  const index = await layeredIndex(scratch.path, 'late', [noise(LAYER_BYTES, 'late')]);
  const unused = await imageOf('later');
  await push(registry.endpoint, [index, unused], ['v1']);
  const { printed } = await collect(registry, { pins: changing([], async () => [pinsOf(index)]) });
  assert.equal(await isWhole(registry.endpoint, index), true);
  assert.equal(await isWhole(registry.endpoint, unused), false);
  const tag = await fetch(`http://${registry.endpoint}/v2/late/manifests/v1`, {
    method: 'HEAD',
    headers: { accept: '*/*' },
  });
  assert.equal(tag.headers.get('docker-content-digest'), imageDigest(index));
  assert.match(printed.at(-1) ?? '', /^deleted 1 of 4 manifests/);
});

test('puts all back where it ends before blobs are swept', async () => {
  await using registry = await start();
  const index = await layeredIndex(scratch.path, 'back', [noise(LAYER_BYTES, 'back')]);
  await push(registry.endpoint, [index]);
  const broken = new Error('pins.json is broken');
  await assert.rejects(
    collect(registry, { pins: changing<readonly Pins[]>([], () => Promise.reject(broken)) }),
    broken,
  );
  assert.equal(await isWhole(registry.endpoint, index), true);
  assert.deepEqual(registry.calls, []);
});

/** A registry's address that calls `onDelete` before it passes on what deletes. */
async function watched({ endpoint }: LocalRegistry, onDelete: () => Promise<unknown>) {
  const [hostname, port] = endpoint.split(':');
  const proxy = createServer((request, response) => {
    const { method, url, headers } = request;
    const pass = () =>
      request.pipe(
        httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        }),
      );
    if (method === 'DELETE') void onDelete().then(pass);
    else pass();
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    endpoint: `127.0.0.1:${(proxy.address() as { port: number }).port}`,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections();
      await new Promise((done) => proxy.close(done));
    },
  };
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

/** A lease of a run that goes on. */
function leaseOf(name: string) {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const labels = { 'app.kubernetes.io/managed-by': 'fathom' };
  return { metadata: { name, labels }, spec: { holderIdentity: 'grace@laptop', leaseDurationSeconds: 15, renewTime } };
}

test('puts all back where somebody who had found it there is still at work', async () => {
  await using registry = await start();
  const image = await imageOf('found');
  await push(registry.endpoint, [image]);
  let count = 0;
  await using front = await watched(registry, async () => count++ || post(LEASES, leaseOf('fathom-found')));
  const failing = collect({ ...registry, endpoint: front.endpoint });
  await assert.rejects(failing, { code: 'K8S_LOCKED', message: /grace@laptop in kube-system\/fathom-found/ });
  assert.equal(count, 1);
  assert.equal(await isWhole(registry.endpoint, image), true);
  await remove(`${LEASES}/fathom-found`);
});

test('does not begin while somebody else is at work', async () => {
  await using registry = await start();
  const image = await imageOf('busy');
  await push(registry.endpoint, [image]);
  await post(LEASES, leaseOf('fathom-other'));
  const held = await registry.host.inventory();
  await assert.rejects(collect(registry), { code: 'K8S_LOCKED', message: /grace@laptop in kube-system\/fathom-other/ });
  assert.equal(await registry.host.inventory(), held, 'nothing was deleted, and so nothing put back');
  // One whose holder has gone counts no more.
  await merge(`${LEASES}/fathom-other`, { spec: { renewTime: '2001-01-01T00:00:00.000000Z' } });
  await collect(registry);
  assert.equal(await isWhole(registry.endpoint, image), false);
});

test('refuses pushes while blobs are swept, and says why; pulls go on', async () => {
  await using registry = await start();
  const [used, unused, pushed] = await Promise.all(['used', 'swept', 'pushed'].map(imageOf));
  assert.ok(used && unused && pushed);
  await push(registry.endpoint, [used, unused]);
  const sweep = async () => {
    await assert.rejects(push(registry.endpoint, [pushed]), { code: 'OCI_READ_ONLY', hint: /collected/ });
    assert.equal(await isWhole(registry.endpoint, used), true);
    await registry.host.sweep();
  };
  await collect(registry, { pins: async () => [pinsOf(used)], host: { sweep } });
  await push(registry.endpoint, [pushed]);
  for (const image of [used, pushed]) assert.equal(await isWhole(registry.endpoint, image), true);
});

async function takesPushes(endpoint: string): Promise<boolean> {
  const transport = createTransport({ endpoint, plainHttp: true, signal: signal() });
  try {
    return !(await isReadOnly({ transport, repository: 'x' }));
  } finally {
    transport.close();
  }
}

test('takes pushes again where the sweep fails, and where it is interrupted', async () => {
  await using registry = await start();
  await push(registry.endpoint, [await imageOf('failing')]);
  const failure = new Error('the sweep failed');
  await assert.rejects(collect(registry, { host: { sweep: () => Promise.reject(failure) } }), failure);
  assert.equal(await takesPushes(registry.endpoint), true);

  // The manifest is gone by now, its blobs are not: the next collection finds them.
  const controller = new AbortController();
  const sweep = async () => {
    controller.abort(new Error('interrupted'));
    controller.signal.throwIfAborted();
  };
  await assert.rejects(collect(registry, { host: { sweep }, signal: controller.signal }), /interrupted/);
  assert.equal(await takesPushes(registry.endpoint), true);

  const { printed } = await collect(registry);
  assert.match(printed.join('\n'), /^\(in no image\) +- +- +20\d(\.\d)? kB$/m);
  assert.equal(await registry.storedBytes(), 0);
});

test('does not sweep a registry that still takes pushes', async () => {
  await using registry = await start();
  await push(registry.endpoint, [await imageOf('open')]);
  const args = [ANY_AGE, '--timeout=1s'];
  await assert.rejects(collect(registry, { args, host: { start: async () => {} } }), {
    code: 'K8S_REGISTRY_MODE',
    message: /still takes pushes/,
  });
  assert.deepEqual(registry.calls, []);
});

test('says how a registry that does not come back is put back', async () => {
  await using registry = await start();
  await push(registry.endpoint, [await imageOf('stuck')]);
  const host: Partial<RegistryHost> = {
    start: async (mode, within) => {
      if (mode === 'writable') throw new Error('no node for it');
      await registry.host.start(mode, within);
    },
  };
  await assert.rejects(collect(registry, { host }), {
    code: 'K8S_REGISTRY_READ_ONLY',
    message: /no node for it/,
    hint: /bazel run \/\/test:stack\.apply/,
  });
});
