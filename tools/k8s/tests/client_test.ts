// The client and servers that are silent, far, old or in trouble: plain ones of http, whose answers the test writes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type ClientOptions, type KubeClient, createClient } from '../kube/client.ts';
import { discover } from '../kube/discovery.ts';
import type { ClusterAccess } from '../kube/kubeconfig.ts';
import { applyObject } from '../kube/objects.ts';
import { configMap } from '../testing/objects.ts';

const RESOURCE = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };
const STORE = { kind: 'Status', apiVersion: 'v1', message: 'etcdserver: leader changed', code: 500 };

const accessTo = (port: number): ClusterAccess => ({
  ...{ context: 'test', file: 'kubeconfig', server: `http://127.0.0.1:${port}`, namespace: undefined },
  ...{ tls: {}, credentials: { kind: 'none' } },
});

interface Use {
  readonly client: KubeClient;
  readonly ask: (path: string) => Promise<unknown>;
  /** The requests that came. */
  readonly seen: readonly IncomingMessage[];
}

async function withServer(
  answer: RequestListener,
  use: (server: Use) => Promise<void>,
  { impersonation, ...options }: Partial<ClientOptions> & Pick<ClusterAccess, 'impersonation'> = {},
): Promise<void> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const access = accessTo((server.address() as AddressInfo).port);
  const client = createClient(impersonation === undefined ? access : { ...access, impersonation }, {
    ...{ signal: AbortSignal.timeout(60_000), env: {}, ...options },
  });
  try {
    await use({ client, seen, ask: (path) => client.request({ method: 'GET', path, doing: 'Asking' }) });
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
}

test('sends once more what a server that has answered before does not answer', () =>
  withServer(
    ({ url }, response) => void (url === '/version' && response.end('{}')),
    async ({ ask, seen }) => {
      await ask('/version');
      await assert.rejects(ask('/silent'), { code: 'K8S_CONNECTION_LOST', message: /ETIMEDOUT$/ });
      assert.equal(seen.filter(({ url }) => url === '/silent').length, 2);
    },
    { requestTimeoutMs: 2000 },
  ));

test('does not wait twice for a server that has never answered', () =>
  withServer(
    () => {},
    async ({ ask, seen }) => {
      await assert.rejects(ask('/silent'), { code: 'K8S_UNREACHABLE', message: /ETIMEDOUT$/ });
      assert.equal(seen.length, 1);
    },
    { requestTimeoutMs: 200 },
  ));

/** A port at which nobody takes connections any more: as many wait there as may. */
async function withFullPort(use: (port: number) => Promise<void>): Promise<void> {
  const listen = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(listen, { eval: true, execArgv: [] });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  try {
    await Promise.race(waiting.map((socket) => once(socket, 'connect')));
    await use(port);
  } finally {
    for (const socket of waiting) socket.destroy();
    await worker.terminate();
  }
}

for (const [what, send] of [
  ['a request', (client: KubeClient) => client.request({ method: 'GET', path: '/', doing: 'Asking' })],
  ['a stream', (client: KubeClient) => client.stream({ method: 'GET', path: '/', doing: 'Asking' })],
] as const) {
  test(`${what} does not wait for ever to be connected`, () =>
    withFullPort(async (port) => {
      const signal = AbortSignal.timeout(60_000);
      const client = createClient(accessTo(port), { signal, env: {}, connectTimeoutMs: 300 });
      try {
        await assert.rejects(send(client), { code: 'K8S_UNREACHABLE', message: /ETIMEDOUT$/ });
      } finally {
        client.close();
      }
    }));
}

test('a stream may be silent for longer than connecting may take', () =>
  withServer(
    (_request, response) => {
      response.write('first ');
      setTimeout(() => response.end('last'), 600);
    },
    async ({ client }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await client.stream({ method: 'GET', path: '/', doing: 'Asking' })) chunks.push(chunk);
      assert.equal(Buffer.concat(chunks).toString(), 'first last');
    },
    { connectTimeoutMs: 200 },
  ));

for (const [what, failures, send] of [
  ['a request', 3, ({ ask }: Use) => ask('/version')],
  [
    'an apply',
    2,
    ({ client }: Use) =>
      applyObject(client, { resource: RESOURCE, object: configMap('a', 'n') }, { isDryRun: false, isForced: false }),
  ],
] as const) {
  test(`${what} is repeated after what the store of the server could not do just then`, () => {
    let left: number = failures;
    return withServer(
      (_request, response) => {
        response.statusCode = left-- > 0 ? STORE.code : 200;
        response.end(JSON.stringify(STORE));
      },
      async (server) => {
        await send(server);
        assert.equal(server.seen.length, failures + 1);
      },
    );
  });
}

test('an apply that does not fit the schema is repeated twice, and then a bad manifest', () =>
  withServer(
    (_request, response) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ ...STORE, message: '.data.x: expected string, got 1' }));
    },
    async ({ client, seen }) => {
      const target = { resource: RESOURCE, object: configMap('a', 'n') };
      await assert.rejects(applyObject(client, target, { isDryRun: true, isForced: false }), {
        code: 'K8S_BAD_REQUEST',
        message: 'Checking ConfigMap n/a: .data.x: expected string, got 1',
      });
      assert.equal(seen.length, 3);
    },
  ));

test('says as whom it asks, each group by itself', () =>
  withServer(
    (_request, response) => void response.end('{}'),
    async ({ ask, seen }) => {
      await ask('/version');
      const headers = seen[0]?.headersDistinct;
      assert.deepEqual([headers?.['impersonate-user'], headers?.['impersonate-group']], [['ada'], ['one', 'two']]);
    },
    { impersonation: { 'impersonate-user': 'ada', 'impersonate-group': ['one', 'two'] } },
  ));

/** What a server of a version lists, where it is asked in a form that it knows; else the names of groups alone. */
function discoveryOf(form: string): RequestListener {
  return ({ url, headers }, response) => {
    const isKnown = headers.accept?.includes(`;v=${form};`) === true;
    const resource = { resource: 'configmaps', responseKind: { kind: 'ConfigMap' }, scope: 'Namespaced' };
    const core = { metadata: { name: '' }, versions: [{ version: 'v1', resources: [resource] }] };
    response.end(JSON.stringify(isKnown ? { items: url === '/api' ? [core] : [] } : { versions: ['v1'], groups: [] }));
  };
}

for (const form of ['v2', 'v2beta1']) {
  test(`asks what is served of a server that lists it in the form ${form}`, () =>
    withServer(discoveryOf(form), async ({ client }) => {
      assert.deepEqual((await discover(client)).find(RESOURCE), RESOURCE);
    }));
}

test('refuses a server that does not list what it serves in one answer', () =>
  withServer(discoveryOf('v2alpha1'), async ({ client }) => {
    await assert.rejects(discover(client), {
      code: 'K8S_UNSUPPORTED',
      message: /^Asking for its resources: http:\/\/127\.0\.0\.1:\d+ \(context 'test'\) does not list them/,
      hint: /1\.27 or newer/,
    });
  }));
