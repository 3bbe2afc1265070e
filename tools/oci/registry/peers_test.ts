import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { imageDigest } from '../image/oci_image.ts';
import { PEERS, peerPath } from '../testing/peers.ts';
import { HTPASSWD, USER } from '../testing/real_registry.ts';
import { layeredImage, layeredIndex, noise, scratchFolder } from '../testing/sample_image.ts';
import { startTokenServer } from '../testing/token_server.ts';
import { headManifest } from './exchanges.ts';
import { type PushOptions, pushImages } from './push.ts';
import { createTransport } from './transport.ts';

const run = promisify(execFile);
const options = { plainHttp: true, log: createLog(() => undefined), signal: new AbortController().signal };
const nobody: PushOptions['credentials'] = () => () => Promise.resolve(undefined);
const alice: PushOptions['credentials'] = () => () => Promise.resolve(USER);
const mallory: PushOptions['credentials'] = () => () => Promise.resolve({ ...USER, password: 'wr0ng-Password' });

const chunkBytes = 100_000;

/** An image whose largest layer goes in eleven chunks, the last a small one. */
async function someImage(folder: string, name: string) {
  return layeredImage(folder, name, [noise(1_000_003, 'base'), Buffer.from('shared'), Buffer.from(`only ${name}`)]);
}

for (const peer of PEERS) {
  test(`pushes to ${peer.name} without a login, in chunks, and another reader finds every byte`, async () => {
    await using folder = await scratchFolder();
    await using registry = await peer.start(folder.path);
    const { endpoint } = registry;
    const items = await Promise.all(
      ['one', 'team/two'].map(async (repository) => ({
        repository,
        image: await someImage(folder.path, repository),
        tags: ['v1', 'latest'],
      })),
    );
    const report = await pushImages(items, { ...options, endpoint, chunkBytes });
    const copies = peer.hasMount ? 1 : items.length;
    assert.equal(report.requests['PATCH'], 11 * copies, 'chunks of a layer that both images have');
    for (const { repository, image } of items) {
      await run(peerPath('OCI_PEERS'), ['validate', `${endpoint}/${repository}:v1`]);
      const transport = createTransport({ ...options, endpoint });
      assert.equal(await headManifest({ transport, repository }, 'latest'), imageDigest(image));
      transport.close();
    }
    assert.deepEqual((await pushImages(items, { ...options, endpoint })).requests, { HEAD: 4 });
  });
}

for (const peer of PEERS) {
  test(`pushes an index to ${peer.name}, and another reader finds every byte of its images`, async () => {
    await using folder = await scratchFolder();
    await using registry = await peer.start(folder.path);
    const { endpoint } = registry;
    const image = await layeredIndex(folder.path, 'team/app', [noise(300_000, 'base'), Buffer.from('app')]);
    const items = [{ image, repository: 'team/app', tags: ['v1'] }];
    await pushImages(items, { ...options, endpoint });
    await run(peerPath('OCI_PEERS'), ['validate', `${endpoint}/team/app:v1`]);
    await run(peerPath('OCI_PEERS'), ['validate', `${endpoint}/team/app@${imageDigest(image)}`]);
    assert.deepEqual((await pushImages(items, { ...options, endpoint })).requests, { HEAD: 3 });
  });
}

for (const peer of PEERS.filter(({ hasLogin }) => hasLogin)) {
  test(`logs in to ${peer.name} with name and password`, async () => {
    await using folder = await scratchFolder();
    await using registry = await peer.start(folder.path, { htpasswd: HTPASSWD });
    const items = [{ repository: 'a', image: await someImage(folder.path, 'a'), tags: ['v1'] }];
    const { endpoint } = registry;
    await pushImages(items, { ...options, endpoint, chunkBytes, credentials: alice });
    const again = await pushImages(items, { ...options, endpoint, credentials: alice });
    assert.deepEqual(again.requests, { HEAD: 2 }, 'asked, refused, asked with the password');
    for (const [credentials, words] of [
      [nobody, /there is no login/],
      [mallory, /401/],
    ] as const) {
      await assert.rejects(pushImages(items, { ...options, endpoint, credentials }), (error) => {
        assert.ok(error instanceof ToolError);
        assert.equal(error.code, 'OCI_UNAUTHORIZED');
        assert.match(error.message, words);
        assert.match(error.hint ?? '', /docker login 127\.0\.0\.1:\d+/);
        assert.doesNotMatch(`${error.message} ${error.hint}`, /wr0ng/);
        return true;
      });
    }
  });

  test(`logs in to ${peer.name} with tokens for what each request needs`, async () => {
    await using folder = await scratchFolder();
    const users = { [USER.username]: USER.password };
    await using tokens = await startTokenServer({ folder: folder.path, users });
    await using registry = await peer.start(folder.path, { tokens });
    const { endpoint } = registry;
    const items = await Promise.all(
      ['a', 'b'].map(async (repository) => ({
        repository,
        image: await someImage(folder.path, repository),
        tags: ['v1'],
      })),
    );
    const report = await pushImages(items, { ...options, endpoint, chunkBytes, credentials: alice });
    assert.ok(report.mountedBlobs > 0, 'a mount needs rights to both repositories');
    const scopes = tokens.asked.map((asked) => asked.scopes.join(' '));
    assert.deepEqual([...scopes].sort(), [...new Set(scopes)].sort(), 'no token is asked for twice');
    assert.ok(tokens.asked.every(({ user }) => user === USER.username));
    await assert.rejects(pushImages(items, { ...options, endpoint, credentials: nobody }), {
      code: 'OCI_UNAUTHORIZED',
    });
    await assert.rejects(pushImages(items, { ...options, endpoint, credentials: mallory }), {
      code: 'OCI_UNAUTHORIZED',
    });
  });

  test(`trades a refresh token for access to ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    const refreshTokens = { 'long-lived-refresh-token': 'alice' };
    await using tokens = await startTokenServer({ folder: folder.path, users: {}, refreshTokens });
    await using registry = await peer.start(folder.path, { tokens });
    const items = [{ repository: 'a', image: await someImage(folder.path, 'a'), tags: ['v1'] }];
    const credentials = () => () => Promise.resolve({ identityToken: 'long-lived-refresh-token' });
    await pushImages(items, { ...options, endpoint: registry.endpoint, credentials });
    assert.ok(tokens.asked.every(({ method, user }) => method === 'POST' && user === 'alice'));
  });

  test(`says that the login may read and not write at ${peer.name}`, async () => {
    await using folder = await scratchFolder();
    const users = { [USER.username]: USER.password };
    await using tokens = await startTokenServer({ folder: folder.path, users, allow: () => ['pull'] });
    await using registry = await peer.start(folder.path, { tokens });
    const items = [{ repository: 'a', image: await someImage(folder.path, 'a'), tags: ['v1'] }];
    const pushing = pushImages(items, { ...options, endpoint: registry.endpoint, credentials: alice });
    await assert.rejects(pushing, { code: 'OCI_UNAUTHORIZED', message: /401 .*(DENIED|UNAUTHORIZED)/ });
  });
}
