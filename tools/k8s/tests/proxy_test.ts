// An API server that only a proxy leads to: of the kubeconfig, or of the environment.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConnectProxy, startConnectProxy } from '../../lib/testing/connect_proxy.ts';
import { openSocket } from '../forward/socket.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { type ClusterAccess, ON_THIS_MACHINE, findCluster } from '../kube/kubeconfig.ts';
import { asList, asRecord, at } from '../model/object.ts';
import { type ApiServer, kubectl, startApiServer } from '../testing/apiserver.ts';

const SERVER = 'kubernetes.test:6443';

let folder: string;
let proxy: ConnectProxy;
let server: ApiServer;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-proxy-'));
  server = await startApiServer();
  proxy = await startConnectProxy({ [SERVER]: Number(new URL(server.client.access.server).port) });
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The server by a name that nobody knows, with further fields of the kubeconfig's cluster. */
async function accessBy(fields: Readonly<Record<string, unknown>>): Promise<ClusterAccess> {
  const config = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as Record<string, unknown>;
  const own = asRecord(at(asList(config['clusters'])[0], 'cluster'));
  const cluster = { ...own, server: `https://${SERVER}`, 'tls-server-name': 'kubernetes.default', ...fields };
  const file = join(folder, 'kubeconfig');
  await writeFile(file, JSON.stringify({ ...config, clusters: [{ name: 'test', cluster }] }));
  return findCluster({ env: {}, context: server.context, cluster: '', user: '', files: [file] });
}

const signal = AbortSignal.timeout(60_000);

async function withClient(
  access: ClusterAccess,
  env: Readonly<Record<string, string>>,
  use: (client: KubeClient) => Promise<void>,
): Promise<void> {
  proxy.seen.length = 0;
  const client = createClient(access, { signal, env, retryDeadlineMs: 0 });
  try {
    await use(client);
  } finally {
    client.close();
  }
}

/** A request, one that has no end, and a connection that is switched to another protocol: each its own way in. */
async function useAll(client: KubeClient): Promise<void> {
  await client.request({ method: 'GET', path: '/api/v1/namespaces/default', doing: 'Asking' });
  const ending = new AbortController();
  const query = { watch: 'true' };
  await client.stream({ method: 'GET', path: '/api/v1/namespaces', query, doing: 'Watching', signal: ending.signal });
  ending.abort();
  const path = '/api/v1/namespaces/default/pods/none/exec?command=x&stdout=1';
  const opening = openSocket(client, { path, protocol: 'v5.channel.k8s.io', doing: 'Opening', signal });
  await assert.rejects(opening, { code: 'K8S_NOT_FOUND' });
  assert.deepEqual(proxy.seen, Array(3).fill(`CONNECT ${SERVER}`));
}

test('the proxy-url of a kubeconfig leads to its server, whatever the environment says', async () =>
  withClient(await accessBy({ 'proxy-url': proxy.url }), { HTTPS_PROXY: 'http://other.test', NO_PROXY: '*' }, useAll));

test('HTTPS_PROXY does where the kubeconfig has none', async () =>
  withClient(await accessBy({}), { HTTPS_PROXY: proxy.url }, useAll));

test('no proxy is asked for a cluster that the kubeconfig says is on this machine', async () => {
  const access = await accessBy({ extensions: [ON_THIS_MACHINE] });
  await withClient(access, { HTTPS_PROXY: proxy.url }, async (client) => {
    assert.equal(client.proxy, undefined);
    // This name is known to the proxy alone.
    await assert.rejects(client.request({ method: 'GET', path: '/readyz', doing: 'Asking' }), {
      code: 'K8S_UNREACHABLE',
    });
  });
  assert.deepEqual(proxy.seen, []);
  // kubectl reads such a file as any other.
  const { file } = await accessBy({ extensions: [ON_THIS_MACHINE], server: server.client.access.server });
  const asked = await kubectl({ kubeconfig: file, context: server.context }, [
    'get',
    'namespace',
    'default',
    '-o=name',
  ]);
  assert.equal(asked.stdout, 'namespace/default\n', asked.stderr);
});

test('NO_PROXY and this machine itself are reached without it', async () => {
  const ask = (client: KubeClient) => client.request({ method: 'GET', path: '/readyz', doing: 'Asking' });
  await withClient(await accessBy({}), { HTTPS_PROXY: proxy.url, NO_PROXY: '.test' }, async (client) => {
    await assert.rejects(ask(client), {
      code: 'K8S_UNREACHABLE',
      message: /nothing answers at https:\/\/\S+ \(context/,
    });
  });
  await withClient(server.client.access, { HTTPS_PROXY: proxy.url }, async (client) => {
    await client.requestText({ method: 'GET', path: '/readyz', doing: 'Asking' });
  });
  assert.deepEqual(proxy.seen, []);
});

test('says which proxy leads nowhere, and refuses one of another kind', async () => {
  const access = await accessBy({ 'proxy-url': proxy.url.replace('//', '//user:hunter2-hunter2@') });
  await withClient({ ...access, server: 'https://other.test' }, {}, async (client) => {
    await assert.rejects(client.requestText({ method: 'GET', path: '/readyz', doing: 'Asking' }), {
      code: 'K8S_UNREACHABLE',
      message: `Asking: nothing answers at https://other.test by the proxy ${new URL(proxy.url).host} (context 'fathom-test'): ERR_PROXY_TUNNEL`,
      hint: /proxy-url/,
    });
  });
  await assert.rejects(accessBy({ 'proxy-url': 'socks5://user:hunter2-hunter2@localhost:1080' }), {
    code: 'K8S_KUBECONFIG_INVALID',
    message: /the proxy-url of context 'fathom-test' is that of no http or https proxy$/,
  });
});
