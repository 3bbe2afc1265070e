// Watching: through connections that break, and where the server has forgotten.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient, type KubeClient } from '../../tools/k8s/kube/client.ts';
import { findCluster } from '../../tools/k8s/kube/kubeconfig.ts';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../tools/k8s/testing/calls.ts';
import { createLogger } from '../kit/index.ts';
import { createCatalog, DASHBOARD_LABEL } from './catalog.ts';
import { eventually } from './testing/running.ts';
import { configMap, SAMPLE } from './testing/samples.ts';
import { lines, watchObjects } from './watch.ts';

const PAUSE = { first: 20, most: 100 };
const logged: string[] = [];
const log = createLogger({
  service: 'dashboards',
  destination: { write: (line: string) => void logged.push(String(JSON.parse(line).limited)) },
});
const WATCH = { path: '/api/v1/configmaps', labelSelector: `${DASHBOARD_LABEL}=true`, pauseMs: PAUSE, log };

/** The lines of pieces. */
async function linesOf(pieces: readonly string[], maxBytes?: number): Promise<readonly string[]> {
  const stream = (async function* () {
    for (const piece of pieces) yield Buffer.from(piece);
  })();
  const all: string[] = [];
  for await (const line of lines(stream, maxBytes)) all.push(line);
  return all;
}

test('reads lines of one byte at a time, of two at once, and of letters that are cut', async () => {
  const bytes = [...Buffer.from('{"a":"ü"}\n{"b":1}\n')].map((byte) => Buffer.of(byte));
  const all: string[] = [];
  for await (const line of lines(
    (async function* () {
      yield* bytes;
    })(),
  ))
    all.push(line);
  assert.deepEqual(all, ['{"a":"ü"}', '{"b":1}']);
  assert.deepEqual(await linesOf(['a\nb\n', '\nc', 'd\n', 'never ended']), ['a', 'b', 'cd']);
  await assert.rejects(linesOf(['x'.repeat(60), 'x'.repeat(60)], 100), /more than 100 bytes/);
});

let cluster: ApiServer;
let client: KubeClient;
const sockets = new Set<Socket>();
let isOpen = true;
const relay = createServer((near) => {
  if (!isOpen) return void near.destroy();
  const far = connect(portOf(cluster.client.access.server), '127.0.0.1');
  for (const socket of [near, far]) {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }
  near.pipe(far).pipe(near);
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
});
const { makeNamespace, post, remove } = callsTo(() => cluster);
const portOf = (url: string) => Number(new URL(url).port);

before(async () => {
  cluster = await startApiServer();
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  const config = await readFile(cluster.kubeconfig, 'utf8');
  const own = join(cluster.folder, 'kubeconfig-relay');
  const port = (relay.address() as AddressInfo).port;
  await writeFile(own, config.replaceAll(`:${portOf(cluster.client.access.server)}`, `:${port}`));
  const access = await findCluster({ env: {}, context: cluster.context, cluster: '', user: '', files: [own] });
  client = createClient(access, { signal: AbortSignal.timeout(120_000), retryDeadlineMs: 0 });
  await makeNamespace('shop');
});
after(async () => {
  client.close();
  for (const socket of sockets) socket.destroy();
  relay.close();
  await cluster.stop();
});

test('goes on where a connection breaks, and has missed nothing', async () => {
  const catalog = createCatalog();
  const ending = new AbortController();
  const watching = watchObjects(client, { ...WATCH, signal: ending.signal, listener: catalog });
  const names = async () =>
    catalog
      .list()
      .dashboards.map(({ name }) => name)
      .join();
  const maps = '/api/v1/namespaces/shop/configmaps';
  await post(maps, configMap('shop', { ...SAMPLE, name: 'a' }));
  await eventually(names, (all) => all === 'a');
  for (let round = 0; round < 3; round++) {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
    await eventually(
      async () => catalog.list().stale,
      (stale) => stale !== undefined,
    );
    await post(maps, configMap('shop', { ...SAMPLE, name: 'b' }));
    await remove(`${maps}/a-dashboard`);
    isOpen = true;
    await eventually(names, (all) => all === 'b');
    await eventually(
      async () => catalog.list().stale,
      (stale) => stale === undefined,
    );
    await post(maps, configMap('shop', { ...SAMPLE, name: 'a' }));
    await remove(`${maps}/b-dashboard`);
    await eventually(names, (all) => all === 'a');
  }
  ending.abort(new Error('the test ends'));
  await watching;
});

test('holds no more than there is room for, by lists and by changes, and says so once', async () => {
  const catalog = createCatalog();
  const ending = new AbortController();
  const path = '/api/v1/namespaces/full/configmaps';
  const put = (name: string) => post(path, configMap('full', { ...SAMPLE, name }));
  const shown = async () => {
    const { dashboards, limited } = catalog.list();
    return `${dashboards.map(({ name }) => name).join('')}${limited === undefined ? '' : ' and others'}`;
  };
  const until = (wanted: string) => eventually(shown, (is) => is === wanted);
  await makeNamespace('full');
  for (const name of ['a', 'b', 'c', 'd']) await put(name);
  const options = { ...WATCH, path, signal: ending.signal, maxObjects: 3, watchSeconds: 3 };
  const watching = watchObjects(client, { ...options, listener: catalog });
  try {
    await until('abc and others');
    // What was left out has a place once another is gone.
    await remove(`${path}/a-dashboard`);
    await until('bcd');
    await put('e');
    await until('bcd and others');
    await put('f');
    await remove(`${path}/e-dashboard`);
    await remove(`${path}/b-dashboard`);
    await until('cdf');
    const limited = `There are more than 3 objects at ${path} with ${WATCH.labelSelector}: the others are left out`;
    assert.deepEqual(logged, [limited, limited]);
  } finally {
    ending.abort(new Error('the test ends'));
    await watching;
  }
});

test('lists anew where the server has forgotten, and begins from the version of a bookmark', async () => {
  // No API server forgets within a test's time: these are the answers of one that has.
  const asked: string[] = [];
  const gone = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
  const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata: { resourceVersion: '9' } } };
  const forgetful = createHttpServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://self');
    const version = url.searchParams.get('resourceVersion');
    asked.push(url.searchParams.has('watch') ? `watch ${version}` : 'list');
    if (!url.searchParams.has('watch')) {
      const items = [configMap('shop', { ...SAMPLE, name: `n${asked.length}` })];
      return void response.end(JSON.stringify({ metadata: { resourceVersion: String(asked.length) }, items }));
    }
    if (version === '1') return void response.end(`${JSON.stringify(gone)}\n`);
    if (version === '3') return void response.end(`${JSON.stringify(bookmark)}\n`);
    if (version === '9') return void response.writeHead(410).end('{"code":410}');
    return undefined;
  });
  await once(forgetful.listen(0, '127.0.0.1'), 'listening');
  const server = `http://127.0.0.1:${(forgetful.address() as AddressInfo).port}`;
  const access = {
    context: 'x',
    file: '',
    server,
    namespace: undefined,
    tls: {},
    credentials: { kind: 'none' },
  } as const;
  const ending = new AbortController();
  const own = createClient(access, { signal: ending.signal, retryDeadlineMs: 0 });
  const catalog = createCatalog();
  const watching = watchObjects(own, { ...WATCH, signal: ending.signal, listener: catalog });
  await eventually(
    async () => asked.length,
    (count) => count >= 7,
  );
  assert.deepEqual(asked.slice(0, 6), ['list', 'watch 1', 'list', 'watch 3', 'watch 9', 'list']);
  assert.equal(catalog.list().dashboards.length, 1);
  ending.abort(new Error('the test ends'));
  await watching;
  own.close();
  forgetful.closeAllConnections();
  forgetful.close();
});
