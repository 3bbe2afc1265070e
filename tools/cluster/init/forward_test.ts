import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { forward } from './forward.ts';

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function target(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return portOf(server);
}

async function forwardTo(port: number): Promise<number> {
  const server = await forward({ port: 0, target: { host: '127.0.0.1', port } });
  servers.push(server);
  return portOf(server);
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) text += String(chunk);
  return text;
}

test('listens on loopback only', async () => {
  const server = await forward({ port: 0, target: { host: '127.0.0.1', port: 1 } });
  servers.push(server);
  assert.equal((server.address() as AddressInfo).address, '127.0.0.1');
});

test('carries bytes both ways, also after one side has ended its half', async () => {
  const port = await forwardTo(
    await target((socket) => {
      void readAll(socket).then((text) => socket.end(`got ${text.length} bytes`));
    }),
  );
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('x'.repeat(1_000_000));
  assert.equal(await readAll(client), 'got 1000000 bytes');
});

test('resets the connection when the target refuses it', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const free = portOf(closed);
  closed.close();
  const client = connect({ port: await forwardTo(free), host: '127.0.0.1' });
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});
