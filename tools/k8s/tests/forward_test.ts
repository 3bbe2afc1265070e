// Forwarded ports: through a real API server, to a kubelet that speaks the protocol of port forwards.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChannel, pump } from '../forward/channel.ts';
import { type Forward, forwardPort } from '../forward/forward.ts';
import { parseTarget, targetText } from '../forward/target.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { type ForwardNode, type ForwardedPort, startForwardNode } from '../testing/forward_node.ts';
import { pod, service } from '../testing/objects.ts';

const NAMESPACE = 'forwards';
const NODE = 'forwarder';
let server: ApiServer;
let node: ForwardNode;
let onForward: (forwarded: ForwardedPort) => void;
const opened: Forward[] = [];
const { makeNamespace, post, remove, setStatus } = callsTo(() => server);

before(async () => {
  server = await startApiServer();
  await makeNamespace(NAMESPACE);
  node = await startForwardNode(server, NODE, (forwarded) => onForward(forwarded));
  await post(`/api/v1/namespaces/${NAMESPACE}/services`, service(NAMESPACE));
  await makePod('web-0');
});
beforeEach(() => {
  onForward = echo;
});
after(async () => {
  await Promise.all(opened.map((forward) => forward.close()));
  await node.stop();
  await server.stop();
});

async function makePod(name: string, isReady = true): Promise<void> {
  const containers = [
    { name: 'web', image: 'example.com/web', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
  ];
  await post(`/api/v1/namespaces/${NAMESPACE}/pods`, pod(name, NAMESPACE, { containers, nodeName: NODE }));
  await setReady(name, isReady);
}

const setReady = (name: string, isReady: boolean) =>
  setStatus(`/api/v1/namespaces/${NAMESPACE}/pods/${name}`, {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
  });

/** Sends back all that comes. */
const echo: typeof onForward = ({ socket, send }) => socket.on('message', (bytes: Buffer) => send(bytes.subarray(1)));

async function open(target: string, rest: { readonly onProblem?: (problem: string) => void } = {}) {
  const signal = AbortSignal.timeout(60_000);
  const options = { namespace: NAMESPACE, target: parseTarget(target), signal, readyWithinMs: 5000, ...rest };
  const forward = await forwardPort(server.client, options);
  opened.push(forward);
  return forward;
}

async function dial({ address }: Pick<Forward, 'address'>): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]), allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('carries bytes both ways to the port that the Service names, and an answer after the caller has ended', async () => {
  const places: string[] = [];
  onForward = (forwarded) => {
    places.push(`${forwarded.pod}:${forwarded.port}`);
    const { socket, send } = forwarded;
    socket.on('message', (bytes: Buffer) => setTimeout(() => send(`got ${bytes.subarray(1)}`), 300));
  };
  for (const target of ['service/web:http', 'service/web:80', 'pod/web-0:http', 'pod/web-0:8080']) {
    const socket = await dial(await open(target));
    socket.end('hello');
    assert.equal((await readAll(socket)).toString(), 'got hello', target);
  }
  assert.deepEqual(places, Array(4).fill('web-0:8080'));
});

test('loses nothing of what comes before anybody listens', async () => {
  onForward = ({ send, socket }) => {
    send('first words');
    setTimeout(() => socket.close(), 300);
  };
  const to = { pod: 'web-0', port: 8080 };
  const remote = await openChannel(server.client, { namespace: NAMESPACE, to, signal: AbortSignal.timeout(30_000) });
  await sleep(150);
  const listener = createServer({ allowHalfOpen: true }, (local) => pump(local, remote, { onRefused: assert.fail }));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as { port: number };
  try {
    const read = await readAll(await dial({ address: `127.0.0.1:${port}` }));
    assert.equal(read.toString(), 'first words');
  } finally {
    listener.close();
  }
});

test('carries one byte at a time, and many at once, in their order', async () => {
  const socket = await dial(await open('service/web:http'));
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 251));
  socket.setNoDelay(true);
  const received = readAll(socket);
  for (const byte of bytes.subarray(0, 50)) {
    socket.write(Buffer.of(byte));
    await sleep(1);
  }
  socket.end(bytes.subarray(50));
  const hash = (all: Buffer) => createHash('sha256').update(all).digest('hex');
  const all = await received;
  assert.equal(all.length, bytes.length);
  assert.equal(hash(all), hash(bytes));
});

test('reads no further from the pod than the caller takes', async () => {
  const chunk = Buffer.alloc(256 * 1024);
  const total = 256 * 1024 * 1024;
  let sent = 0;
  onForward = ({ send, socket }) => {
    const timer = setInterval(() => {
      while (sent < total && socket.bufferedAmount < chunk.length) {
        send(chunk);
        sent += chunk.length;
      }
    }, 1);
    socket.on('close', () => clearInterval(timer));
  };
  const socket = await dial(await open('service/web:http'));
  socket.pause();
  let last = -1;
  for (let round = 0; round < 50 && last !== sent; round++) {
    last = sent;
    await sleep(300);
  }
  assert.equal(sent, last, 'the pod is held back');
  // What fits into the buffers of five connections of the kernel, with some room.
  assert.ok(sent < total / 2, `${sent} bytes were read of the pod`);
  socket.destroy();
});

test('says what the node says went wrong, and ends the connection', async () => {
  onForward = ({ refuse }) => refuse('connection refused: nothing listens on port 8080');
  const problems: string[] = [];
  const socket = await dial(await open('service/web:http', { onProblem: (problem) => problems.push(problem) }));
  assert.equal((await readAll(socket).catch(() => Buffer.alloc(0))).length, 0);
  assert.deepEqual(problems, ['service/web:http: connection refused: nothing listens on port 8080']);
});

test('waits for a pod that is ready, and goes to another one when the first has gone', async () => {
  const pods: string[] = [];
  onForward = ({ pod: name, socket }) => {
    pods.push(name);
    socket.close();
  };
  const problems: string[] = [];
  const forward = await open('service/web:http', { onProblem: (problem) => problems.push(problem) });
  await makePod('web-1', false);
  await remove(`/api/v1/namespaces/${NAMESPACE}/pods/web-0?gracePeriodSeconds=0`);
  const reading = dial(forward).then(readAll);
  await sleep(500);
  assert.deepEqual(pods, [], 'nobody is ready');
  await setReady('web-1', true);
  await reading;
  assert.deepEqual(pods, ['web-1']);
  await remove(`/api/v1/namespaces/${NAMESPACE}/pods/web-1?gracePeriodSeconds=0`);
  await readAll(await dial(forward)).catch(() => undefined);
  assert.match(problems.join('\n'), /service\/web:http in forwards: none of its pods is ready/);
  await makePod('web-0');
});

test('ends its connections when it is closed', async () => {
  const forward = await open('service/web:http');
  const socket = await dial(forward);
  socket.on('error', () => undefined).resume();
  socket.write('x');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  await forward.close();
  socket.end();
  await closed;
  await assert.rejects(dial(forward), { code: 'ECONNREFUSED' });
});

describe('a target that is none', () => {
  for (const wrong of [
    'web:http',
    'service/web',
    'service/web:',
    'service/web:0',
    'service/web:65536',
    'job/a:1',
    'service/a/b:1',
    'service/web:---',
  ]) {
    test(`is refused: ${wrong}`, () => {
      assert.throws(() => parseTarget(wrong), { code: 'K8S_FORWARD_TARGET' });
    });
  }
  for (const [target, said] of [
    ['service/wob:http', /there is no such Service, there are: web/],
    ['service/web:metrics', /the Service has no such port, it has http/],
    ['pod/web-9:http', /there is no such pod/],
    ['pod/web-0:metrics', /pod web-0 has no port of that name/],
  ] as const) {
    test(`is refused where the cluster does not have it: ${target}`, async () => {
      await assert.rejects(open(target), { code: 'K8S_FORWARD_TARGET', message: said });
    });
  }
  test('is told as it was written', () => {
    for (const text of ['service/web:http', 'pod/web-0:8080']) assert.equal(targetText(parseTarget(text)), text);
  });
});
