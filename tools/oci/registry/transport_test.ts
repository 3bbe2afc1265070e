import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { headManifest } from './exchanges.ts';
import { createTransport } from './transport.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

// As the rules of a busy node do that do not yet lead to the registry's pod, though it is ready.
test('has patience with a registry whose connections break for seconds', { timeout: 30_000 }, async () => {
  const registry = createHttpServer((_request, response) => {
    response.setHeader('docker-content-digest', DIGEST).end();
  });
  let broken = 0;
  const entrance = createServer((socket) => {
    if (broken < 6) {
      broken += 1;
      socket.resetAndDestroy();
    } else registry.emit('connection', socket);
  }).listen(0, '127.0.0.1');
  await once(entrance, 'listening');
  const { port } = entrance.address() as AddressInfo;
  const { signal } = new AbortController();
  const transport = createTransport({ endpoint: `127.0.0.1:${port}`, plainHttp: true, signal });
  try {
    assert.equal(await headManifest({ transport, repository: 'a' }, 'v1'), DIGEST);
    assert.equal(broken, 6);
  } finally {
    transport.close();
    entrance.close();
  }
});
