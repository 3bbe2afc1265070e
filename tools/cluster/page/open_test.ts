// `./fathom open`, through a real API server to a kubelet that speaks the protocol of port forwards.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { type ApiServer, startApiServer } from '../../k8s/testing/apiserver.ts';
import { callsTo } from '../../k8s/testing/calls.ts';
import { type ForwardNode, startForwardNode } from '../../k8s/testing/forward_node.ts';
import { pod, service } from '../../k8s/testing/objects.ts';
import { openPage } from './open.ts';

const NAMESPACE = 'monitoring';
const NODE = 'forwarder';
let server: ApiServer;
let node: ForwardNode;
const { makeNamespace, post, remove, setStatus } = callsTo(() => server);

before(async () => {
  server = await startApiServer();
  await makeNamespace(NAMESPACE);
  // Each pod answers HTTP with its own name.
  node = await startForwardNode(server, NODE, ({ pod: name, socket, send }) =>
    socket.on('message', () => {
      send(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\nconnection: close\r\n\r\n${name}`);
      setTimeout(() => socket.close(), 50);
    }),
  );
  await post(`/api/v1/namespaces/${NAMESPACE}/services`, service(NAMESPACE));
  await makePod('web-0');
});
after(async () => {
  await node.stop();
  await server.stop();
});

async function makePod(name: string): Promise<void> {
  const containers = [{ name: 'web', image: 'example.com/web', ports: [{ name: 'http', containerPort: 8080 }] }];
  await post(`/api/v1/namespaces/${NAMESPACE}/pods`, pod(name, NAMESPACE, { containers, nodeName: NODE }));
  const conditions = [{ type: 'Ready', status: 'True' }];
  await setStatus(`/api/v1/namespaces/${NAMESPACE}/pods/${name}`, { phase: 'Running', conditions });
}

/** Opens the page; the address, and how to end it. */
async function open(options: { readonly service?: string; readonly port?: number } = {}) {
  const ending = new AbortController();
  const log = createLog(() => undefined);
  let opened: Promise<void> = Promise.resolve();
  const address = new Promise<string>((resolve, reject) => {
    const fixed = { namespace: NAMESPACE, service: 'web', ...options };
    opened = openPage(server.client, { ...fixed, signal: ending.signal, print: resolve, log });
    opened.catch(reject);
  });
  return {
    address: await address,
    close: async () => {
      ending.abort(new Error('Ctrl-C'));
      await opened;
    },
  };
}

test('prints an address that leads to the page, and to the pod that comes in place of the first', async () => {
  const { address, close } = await open();
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const get = async () => (await fetch(address, { signal: AbortSignal.timeout(20_000) })).text();
  assert.equal(await get(), 'web-0');
  await remove(`/api/v1/namespaces/${NAMESPACE}/pods/web-0?gracePeriodSeconds=0`);
  await makePod('web-1');
  assert.equal(await get(), 'web-1');
  await close();
  await assert.rejects(get());
});

test('says what brings the page where there is none', async () => {
  await assert.rejects(open({ service: 'dashboards' }), {
    code: 'CLUSTER_NO_PAGE',
    hint: /bazel run \/\/prod:apply/,
  });
});

test('says that a port is taken', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as { port: number };
  await assert.rejects(open({ port }), { code: 'CLUSTER_PORT', hint: /--port/ });
  other.close();
});
