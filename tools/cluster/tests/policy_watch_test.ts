// What the enforcer makes of a cluster that changes: with a real API server, and with one that breaks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createClient } from '../../k8s/kube/client.ts';
import type { KubeObject } from '../../k8s/model/object.ts';
import { type ApiServer, startApiServer } from '../../k8s/testing/apiserver.ts';
import { enforce } from '../policy/enforce.ts';
import { follow } from '../policy/watch.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const DEADLINE_MS = 20_000;

/** Collects log lines. */
function collect() {
  const lines: string[] = [];
  const push = (line: string) => void lines.push(line);
  return { lines, log: { info: push, warn: push, error: push } };
}

/** Waits until `done` says so. */
async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!done()) {
    assert.ok(performance.now() < endMs, `not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const post = (path: string, body: unknown) =>
  server.client.request({ method: 'POST', path, body, doing: `Making ${path}` });

async function makePod(name: string, address: string): Promise<void> {
  const path = '/api/v1/namespaces/shop/pods';
  const spec = {
    nodeName: 'node-1',
    containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 80 }] }],
  };
  await post(path, { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec });
  await server.client.request({
    method: 'PATCH',
    path: `${path}/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { phase: 'Running', podIPs: [{ ip: address }] } },
    doing: 'Giving the pod an address',
  });
}

test(
  'rules follow pods and policies as they come and go, and are loaded again where that failed',
  { timeout: 60_000 },
  async () => {
    const controller = new AbortController();
    const { lines, log } = collect();
    const loaded: string[] = [];
    let failures = 1;
    const load = async (script: string) => {
      if (failures-- > 0) throw new Error('nft is busy');
      loaded.push(script);
    };
    await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await post('/api/v1/namespaces/shop/serviceaccounts', account).catch(() => undefined);
    const running = enforce({ client: server.client, node: 'node-1', log, signal: controller.signal, load });
    const last = () => loaded.at(-1) ?? '';
    await until(() => last().includes('delete table'), 'the first rules');
    assert.ok(lines.some((line) => line.includes('nft is busy; again in')));

    await makePod('web', '10.0.0.1');
    const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
    const spec = {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'job' } } }], ports: [{ port: 'web' }] }],
    };
    await post(policies, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p' }, spec });
    await until(() => last().includes('10.0.0.1 : jump in_'), 'the pod is isolated');
    assert.doesNotMatch(last(), /return/);

    await makePod('job', '10.0.0.2');
    await until(() => last().includes('ip saddr { 10.0.0.2 } tcp dport { 80 } return'), 'the other pod is let in');
    const remove = (path: string) =>
      server.client.request({ method: 'DELETE', path, body: { gracePeriodSeconds: 0 }, doing: 'Deleting' });
    await remove('/api/v1/namespaces/shop/pods/job');
    await until(() => !last().includes('10.0.0.2'), 'a pod that is gone is forgotten');
    await remove(`${policies}/p`);
    await until(() => !last().includes('chain'), 'without policies nobody is isolated');
    controller.abort(new Error('the test is over'));
    await running;
  },
);

test('a watch that breaks goes on where it was, and one that is too old lists again', { timeout: 60_000 }, async () => {
  const object = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });
  const event = (type: string, item: object) => `${JSON.stringify({ type, object: item })}\n`;
  const asked: string[] = [];
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => response.end(JSON.stringify({ metadata: { resourceVersion: '5' }, items: [object('a', '1')] })),
    // In two pieces, and cut off in the middle of a third event.
    (response) => {
      const text = event('ADDED', object('b', '6')) + event('BOOKMARK', object('', '8')) + '{"type":"ADD';
      response.write(text.slice(0, 20), () =>
        response.write(text.slice(20), () => setTimeout(() => response.destroy(), 50)),
      );
    },
    (response) => response.end(JSON.stringify({ metadata: { resourceVersion: '9' }, items: [object('b', '6')] })),
    (response) => response.end(event('ERROR', { code: 410, message: 'too old resource version' })),
    (response) => response.end(JSON.stringify({ metadata: { resourceVersion: '20' }, items: [object('c', '19')] })),
  ];
  const http = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers.shift();
    if (answer !== undefined) answer(response);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const controller = new AbortController();
  const access = {
    ...server.client.access,
    server: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    tls: {},
  };
  const client = createClient(access, { signal: controller.signal });
  const seen: string[] = [];
  const { lines, log } = collect();
  const onObjects = (objects: readonly KubeObject[]) =>
    void seen.push(objects.map(({ metadata }) => metadata.name).join());
  const following = follow({ client, path: '/api/v1/things', onObjects, log, signal: controller.signal });
  await until(() => asked.length === 6, 'the last watch');
  controller.abort(new Error('the test is over'));
  await following;
  http.closeAllConnections();
  http.close();
  assert.deepEqual(seen, ['a', 'a,b', 'b', 'c']);
  assert.match(asked[1] ?? '', /resourceVersion=5&/);
  assert.match(asked[3] ?? '', /resourceVersion=9&/);
  assert.match(asked[5] ?? '', /resourceVersion=20&/);
  assert.equal(lines.filter((line) => line.startsWith('following /api/v1/things: ')).length, 1);
});
