import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { startFakeRegistry } from '../testing/fake_registry.ts';
import { sampleImage, scratchFolder } from '../testing/sample_image.ts';
import { startTokenServer } from '../testing/token_server.ts';
import { type TokenRequest, createAuthorizer } from './auth.ts';
import type { Credentials } from './docker_config.ts';
import { pushImages } from './push.ts';
import { createTransport } from './transport.ts';

const SECRET = 'hunter2-Secret';
const login: Credentials = { username: 'alice', password: SECRET };
const signal = new AbortController().signal;
const CHALLENGE = 'Bearer realm="https://auth.example/token",service="r"';

/** An authorizer whose token server gives out t1, t2, … */
function authorizer(options: { home?: string; credentials?: Credentials; expiresS?: number; now?: () => number } = {}) {
  const asked: TokenRequest[] = [];
  const made = createAuthorizer({
    home: new URL(options.home ?? 'https://r.example'),
    credentials: () => Promise.resolve('credentials' in options ? options.credentials : login),
    exchange: async (request) => {
      asked.push(request);
      const answer = { access_token: `t${asked.length}`, expires_in: options.expiresS ?? 300 };
      return Buffer.from(JSON.stringify(answer));
    },
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  return { ...made, asked };
}

test('says nothing of itself before it is asked', async () => {
  const { header, asked } = authorizer();
  assert.equal(await header(['repository:a:pull']), undefined);
  assert.equal(asked.length, 0);
});

test('asks once for a token that many requests need at the same time', async () => {
  const { header, challenged, asked } = authorizer();
  const scopes = ['repository:a:pull'];
  await Promise.all(Array.from({ length: 8 }, () => challenged(CHALLENGE, scopes, undefined)));
  const headers = await Promise.all(Array.from({ length: 8 }, () => header(scopes)));
  assert.deepEqual(new Set(headers), new Set(['Bearer t1']));
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.url.href, 'https://auth.example/token?service=r&scope=repository%3Aa%3Apull');
});

test('asks for a token of its own for each set of rights', async () => {
  const { header, challenged, asked } = authorizer();
  await challenged(CHALLENGE, ['repository:a:pull'], undefined);
  await header(['repository:a:pull,push', 'repository:b:pull']);
  assert.deepEqual(asked[1]?.url.searchParams.getAll('scope'), ['repository:a:pull,push', 'repository:b:pull']);
});

test('asks again before a token runs out', async () => {
  let nowMs = 0;
  const { header, challenged } = authorizer({ expiresS: 60, now: () => nowMs });
  await challenged(CHALLENGE, [], undefined);
  nowMs = 54_000;
  assert.equal(await header([]), 'Bearer t1');
  nowMs = 56_000;
  assert.deepEqual(await Promise.all([header([]), header([])]), ['Bearer t2', 'Bearer t2']);
});

test('asks again when a token is refused, and once for all who used it', async () => {
  const { header, challenged, asked } = authorizer();
  await challenged(CHALLENGE, [], undefined);
  assert.deepEqual(
    await Promise.all([challenged(CHALLENGE, [], 'Bearer t1'), challenged(CHALLENGE, [], 'Bearer t1')]),
    [true, true],
  );
  assert.equal(await header([]), 'Bearer t2');
  assert.equal(asked.length, 2);
});

test('sends no password to a token server that is reached over plain http', async () => {
  for (const [home, realm] of [
    ['https://r.example', 'http://auth.example/token'],
    ['https://r.example', 'http://r.example/token'],
    ['http://127.0.0.1:5000', 'http://127.0.0.2:5001/token'],
    ['https://r.example', 'nonsense'],
  ] as const) {
    const { challenged, asked } = authorizer({ home });
    await assert.rejects(challenged(`Bearer realm="${realm}"`, [], undefined), { code: 'OCI_AUTH_UNSUPPORTED' }, realm);
    assert.equal(asked.length, 0);
  }
});

test('takes a token server beside a registry that speaks plain http', async () => {
  const { challenged } = authorizer({ home: 'http://127.0.0.1:5000' });
  assert.equal(await challenged('Bearer realm="http://127.0.0.1:5001/token"', [], undefined), true);
});

test('does not repeat a password that was refused', async () => {
  const { header, challenged } = authorizer();
  assert.equal(await challenged('Basic realm="x"', [], undefined), true);
  assert.equal(await challenged('Basic realm="x"', [], await header([])), false);
});

test('names the ways to log in that it does not know', async () => {
  const { challenged } = authorizer();
  await assert.rejects(challenged('Negotiate, Digest realm="x"', [], undefined), {
    code: 'OCI_AUTH_UNSUPPORTED',
    message: /negotiate, digest/,
  });
});

test('keeps secrets out of errors when the registry echoes them', async () => {
  await using registry = await startFakeRegistry();
  registry.fault = (request, response) => {
    request.resume();
    const sent = request.headers.authorization;
    if (sent === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else
      response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'BAD', message: `got ${sent} of ${SECRET}` }] }));
    return true;
  };
  const credentials = () => Promise.resolve(login);
  const transport = createTransport({ endpoint: registry.endpoint, plainHttp: true, signal, credentials });
  const asking = transport.send({ doing: 'Asking', method: 'GET', url: '/v2/', allowed: [200] });
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof ToolError);
    assert.match(error.message, /400 BAD \(got Basic \*\*\* of \*\*\*\)/);
    return true;
  });
  transport.close();
});

test('tells another host nothing of who we are', async () => {
  await using registry = await startFakeRegistry();
  const seen: (string | undefined)[] = [];
  registry.fault = (request, response, { path }) => {
    seen.push(request.headers.authorization);
    request.resume();
    if (path === '/v2/') response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else response.writeHead(302, { location: 'https://storage.test:1/blob' }).end();
    return true;
  };
  const looked: string[] = [];
  const transport = createTransport({
    endpoint: registry.endpoint,
    plainHttp: true,
    signal,
    credentials: () => Promise.resolve(login),
    lookup: (host) => {
      looked.push(host);
      return Promise.resolve(['10.0.0.1']);
    },
  });
  const asking = transport.send({ doing: 'Asking', method: 'GET', url: '/blob', allowed: [200] });
  await assert.rejects(asking, { code: 'OCI_REDIRECT_REFUSED', message: /https:\/\/storage\.test:1/ });
  assert.deepEqual(looked, ['storage.test'], 'a name may lead to a private address');
  transport.close();
});

test('goes on with a new token after a 401 in the midst of a push', async () => {
  await using folder = await scratchFolder();
  await using tokens = await startTokenServer({ folder: folder.path, users: { alice: SECRET } });
  await using registry = await startFakeRegistry();
  const revoked = new Set<string>();
  const challenge = { 'www-authenticate': `Bearer realm="${tokens.realm}",service="${tokens.service}"` };
  registry.fault = (request, response, { method, path }) => {
    const sent = request.headers.authorization ?? '';
    // The token of each blob's bytes is refused once.
    const isData = method === 'PATCH' || (method === 'PUT' && path.includes('/blobs/'));
    const isRevoked = sent === '' || (isData && !revoked.has(path) && revoked.add(path).has(path));
    if (!isRevoked) return false;
    request.resume();
    response.writeHead(401, challenge).end();
    return true;
  };
  const image = await sampleImage(folder.path, 'a', ['x'.repeat(300_000), 'app']);
  const options = { endpoint: registry.endpoint, plainHttp: true, signal, chunkBytes: 100_000 };
  const report = await pushImages([{ repository: 'a', image, tags: ['v1'] }], {
    ...options,
    log: createLog(() => undefined),
    credentials: () => () => Promise.resolve(login),
  });
  assert.equal(report.uploadedBlobs, 3);
  assert.equal(registry.manifests.has('a:v1'), true);
  assert.ok(revoked.size >= 3);
});
