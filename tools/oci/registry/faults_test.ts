import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { chooseSeed, createRandom } from '../../lib/testing/random.ts';
import { imageBlobs, imageDigest } from '../image/oci_image.ts';
import { FAULTS, type FaultKind, LATE_MS, startFaultProxy } from '../testing/fault_proxy.ts';
import { PEERS, peerPath } from '../testing/peers.ts';
import { USER } from '../testing/real_registry.ts';
import { layeredImage, noise, scratchFolder } from '../testing/sample_image.ts';
import { startTokenServer } from '../testing/token_server.ts';
import { headBlob, headManifest } from './exchanges.ts';
import { type PushItem, pushImages } from './push.ts';
import { createTransport } from './transport.ts';

const run = promisify(execFile);
const log = createLog(() => undefined);
const signal = new AbortController().signal;
const credentials = () => () => Promise.resolve(USER);

/** Tags that the registry has, each of which must name an image that is all there. */
async function assertTagsComplete(endpoint: string, items: readonly PushItem[], plainLogin = true): Promise<number> {
  const transport = createTransport({
    endpoint,
    plainHttp: true,
    signal,
    ...(plainLogin ? { credentials: credentials() } : {}),
  });
  let found = 0;
  try {
    for (const { repository, image, tags = [] } of items) {
      const place = { transport, repository };
      for (const tag of tags) {
        const digest = await headManifest(place, tag);
        if (digest === undefined) continue;
        found += 1;
        assert.equal(digest, imageDigest(image), `${repository}:${tag} is another image`);
        for (const blob of imageBlobs(image))
          assert.ok(await headBlob(place, blob.digest), `${repository} lacks ${blob.digest}`);
      }
    }
  } finally {
    transport.close();
  }
  return found;
}

async function someItems(folder: string): Promise<PushItem[]> {
  return Promise.all(
    ['one', 'two'].map(async (repository) => ({
      repository,
      image: await layeredImage(folder, repository, [noise(400_000, 'base'), Buffer.from(repository)]),
      tags: ['v1'],
    })),
  );
}

const FAST = { chunkBytes: 100_000, concurrency: 3, plainHttp: true, log, signal } as const;

for (const peer of PEERS.slice(0, 3)) {
  for (const kind of FAULTS.filter((fault) => fault !== '401')) {
    test(`pushes to ${peer.name} though the first of each kind of request meets: ${kind}`, async () => {
      await using folder = await scratchFolder();
      await using registry = await peer.start(folder.path);
      const met = new Set<string>();
      const choose = ({ method, path }: { method: string; path: string }): FaultKind | undefined => {
        const name = `${method} ${/\/(manifests|uploads|blobs)\//.exec(path)?.[1]}`;
        return met.has(name) ? undefined : met.add(name) && kind;
      };
      await using proxy = await startFaultProxy({ upstream: registry.endpoint, choose });
      const items = await someItems(folder.path);
      await pushImages(items, { ...FAST, endpoint: proxy.endpoint });
      assert.ok(proxy.log.length >= 5, proxy.log.join('\n'));
      assert.equal(await assertTagsComplete(registry.endpoint, items, false), 2);
      for (const { repository } of items) {
        await run(peerPath('OCI_PEERS'), ['validate', `${registry.endpoint}/${repository}:v1`]);
      }
    });
  }
}

test('goes on in the midst of a blob, and does not send it anew', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path);
  let patches = 0;
  await using proxy = await startFaultProxy({
    upstream: registry.endpoint,
    choose: ({ method }) => (method === 'PATCH' && ++patches === 3 ? 'drop-answer' : undefined),
  });
  const image = await layeredImage(folder.path, 'a', [noise(1_000_000, 'large')]);
  const report = await pushImages([{ repository: 'a', image, tags: ['v1'] }], { ...FAST, endpoint: proxy.endpoint });
  assert.equal(patches, 11, 'a chunk whose answer is lost is not sent again');
  assert.equal(report.requests['POST'], 2, 'one upload for each blob');
  await run(peerPath('OCI_PEERS'), ['validate', `${registry.endpoint}/a:v1`]);
});

test('sends in one piece to a registry that takes no chunks', async () => {
  await using folder = await scratchFolder();
  await using registry = await PEERS[0]!.start(folder.path);
  await using proxy = await startFaultProxy({
    upstream: registry.endpoint,
    choose: ({ method }) => (method === 'PATCH' ? 'refuse' : undefined),
  });
  const image = await layeredImage(folder.path, 'a', [noise(300_000, 'large')]);
  const report = await pushImages([{ repository: 'a', image, tags: ['v1'] }], { ...FAST, endpoint: proxy.endpoint });
  assert.equal(report.requests['PATCH'], 1);
  await run(peerPath('OCI_PEERS'), ['validate', `${registry.endpoint}/a:v1`]);
});

for (const kind of ['late', '504', 'drop-answer', '500'] as const) {
  test(`sends a blob ${kind === '500' ? 'anew where' : 'once though'} the answer to its last bytes is: ${kind}`, async () => {
    await using folder = await scratchFolder();
    await using registry = await PEERS[0]!.start(folder.path);
    const image = await layeredImage(folder.path, 'a', [noise(1_000_000, 'large')]);
    const [layer] = image.layers;
    assert.ok(layer);
    let closings = 0;
    await using proxy = await startFaultProxy({
      upstream: registry.endpoint,
      choose: ({ method, path }) =>
        method === 'PUT' && path.includes(encodeURIComponent(layer.digest)) && ++closings === 1 ? kind : undefined,
    });
    // Where only silence tells, it is waited for; elsewhere a busy machine's pause must not pass for a fault.
    const idle = kind === 'late' ? { idleMs: LATE_MS / 3 } : {};
    const options = { ...FAST, ...idle, endpoint: proxy.endpoint, retryDeadlineMs: 5 * LATE_MS };
    const report = await pushImages([{ repository: 'a', image, tags: ['v1'] }], options);
    // What was not done must be done again.
    const times = kind === '500' ? 2 : 1;
    assert.equal(closings, times);
    assert.equal(report.requests['PATCH'], times * Math.ceil(layer.size / FAST.chunkBytes));
    await run(peerPath('OCI_PEERS'), ['validate', `${registry.endpoint}/a:v1`]);
  });
}

for (const kind of ['500', 'drop-request'] as const) {
  test(`ends with an error, and leaves no tag, when every blob meets: ${kind}`, async () => {
    await using folder = await scratchFolder();
    await using registry = await PEERS[0]!.start(folder.path);
    await using proxy = await startFaultProxy({
      upstream: registry.endpoint,
      choose: ({ method, path }) =>
        method === 'PATCH' || (method === 'PUT' && path.includes('/blobs/')) ? kind : undefined,
    });
    const items = await someItems(folder.path);
    const pushing = pushImages(items, { ...FAST, endpoint: proxy.endpoint, retryDeadlineMs: 300 });
    await assert.rejects(
      pushing,
      (error) => error instanceof ToolError && error.code.startsWith('OCI_') && error.hint !== undefined,
    );
    const transport = createTransport({ endpoint: registry.endpoint, plainHttp: true, signal });
    for (const { repository, image } of items) {
      for (const name of ['v1', imageDigest(image)]) {
        assert.equal(await headManifest({ transport, repository }, name), undefined, `${repository}: ${name}`);
      }
    }
    transport.close();
  });
}

test('ends well or with a clear error under random faults, and a tag never names an incomplete image', async (context) => {
  const seed = chooseSeed();
  const random = createRandom(seed);
  await using folder = await scratchFolder();
  const users = { [USER.username]: USER.password };
  await using tokens = await startTokenServer({ folder: folder.path, users });
  await using registry = await PEERS[0]!.start(folder.path, { tokens });
  const challenge = `Bearer realm="${tokens.realm}",service="${tokens.service}"`;
  const outcomes = { pushed: 0, failed: 0 };
  for (let round = 0; round < 12; round++) {
    const rate = [0.05, 0.3, 0.6][round % 3] ?? 0;
    await using proxy = await startFaultProxy({
      upstream: registry.endpoint,
      challenge,
      choose: () => (random() < rate ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined),
    });
    const items = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => {
        const repository = `round${round}/${name}`;
        const files = [noise(150_000 + Math.floor(random() * 200_000), `${seed} ${round}`), Buffer.from(repository)];
        return { repository, image: await layeredImage(folder.path, repository, files), tags: ['v1', 'latest'] };
      }),
    );
    const what = `seed ${seed}, round ${round}`;
    try {
      await pushImages(items, { ...FAST, endpoint: proxy.endpoint, credentials, retryDeadlineMs: 400 });
      outcomes.pushed += 1;
      assert.equal(await assertTagsComplete(registry.endpoint, items), 6, what);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      outcomes.failed += 1;
      assert.match(error.code, /^OCI_/, what);
      assert.match(error.message, /^[A-Z][a-z]+ing /, what);
      assert.ok(error.hint, what);
      await assertTagsComplete(registry.endpoint, items);
    }
  }
  context.diagnostic(JSON.stringify(outcomes));
  assert.equal(outcomes.pushed + outcomes.failed, 12);
  assert.ok(outcomes.pushed > 0, `seed ${seed}: nothing was pushed`);
});
