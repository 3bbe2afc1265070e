// The HTTP server alone: connections, and places of streams.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createLogger } from '../kit/index.ts';
import { withoutIpv6 } from '../kit/testing/no_ipv6.ts';
import { type HttpOptions, startHttp } from './http.ts';
import { eventually } from './testing/running.ts';

/** Starts a server whose `/api/events` is a stream, and which counts those that are open. */
async function started(options: Partial<HttpOptions> = {}) {
  let open = 0;
  const server = await startHttp({
    port: 0,
    assets: new Map(),
    hosts: [],
    api: async () => ({
      subscribe: () => {
        open += 1;
        return () => void (open -= 1);
      },
    }),
    log: createLogger({ service: 'test', level: 'silent' }),
    ...options,
  });
  return { server, open: async () => open };
}

test('streams that are asked for behind one another on a connection take one place, until it closes', async () => {
  const { server, open } = await started({ host: '127.0.0.1' });
  const socket = connect(server.port, '127.0.0.1');
  try {
    socket.write('GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(3));
    await once(socket, 'data');
    assert.equal(await open(), 1);
    socket.destroy();
    await eventually(open, (count) => count === 0, 5000);
  } finally {
    socket.destroy();
    await server.stop(1000);
  }
});

test('answers by IPv4 where there is no IPv6', async (context) => {
  withoutIpv6(context);
  const { server } = await started();
  const answer = await fetch(`http://127.0.0.1:${server.port}/nothing`);
  assert.equal(answer.status, 404);
  await answer.text();
  await server.stop(1000);
});
