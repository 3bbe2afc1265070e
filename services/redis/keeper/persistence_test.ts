// What is in Redis after it was killed, with the users that are deployed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { openLink } from './link.ts';
import { parseInfo } from './nodes.ts';
import { deployedAcl } from './testing/acl.ts';
import { createTestCluster, eventually } from './testing/cluster.ts';

const TWO_WRITES = `redis.call('RPUSH', KEYS[1], ARGV[1]) return redis.call('EXPIRE', KEYS[1], 3600)`;

test('what a script of a service has written in several steps is there after a kill', { timeout: 60_000 }, async () => {
  const acl = deployedAcl();
  const cluster = await createTestCluster({ nodes: 1, acl });
  const [node] = cluster.nodes;
  assert.ok(node);
  const service = openLink({
    endpoint: { host: '127.0.0.1', port: node.port },
    credentials: () => acl.user('routeguide'),
  });
  try {
    await node.start();
    cluster.keepAll(1);
    await eventually(
      'a note is taken',
      async () => (await service.call(['EVAL', TWO_WRITES, 1, 'routeguide:{1}:notes', 'first'])) === 1 || undefined,
    );
    await service.call(['EVAL', TWO_WRITES, 1, 'routeguide:{1}:notes', 'second']);
    // Redis may put that off while the disk is busy.
    await eventually('it is in the log', async () => {
      const info = parseInfo(await node.link.text('INFO', 'persistence'));
      return info.get('aof_buffer_length') === '0' || undefined;
    });
    await node.kill();
    await node.start();
    const notes = await eventually('it has loaded its data', () =>
      node.link.call(['LRANGE', 'routeguide:{1}:notes', 0, -1]),
    );
    assert.deepEqual(notes, ['first', 'second']);
  } finally {
    service.close();
    await cluster.remove();
  }
});

test('who has no password may do nothing', { timeout: 60_000 }, async () => {
  const cluster = await createTestCluster({ nodes: 1, acl: deployedAcl() });
  const [node] = cluster.nodes;
  assert.ok(node);
  try {
    await node.start();
    await eventually('it is there', async () => (await node.link.text('PING')) === 'PONG' || undefined);
    for (const command of ['PING', 'GET routeguide:{1}:notes', 'CONFIG GET *', 'AUTH default x', 'HELLO 3']) {
      assert.match(await said(node.port, command), /^-(NOAUTH|WRONGPASS) /, command);
    }
  } finally {
    await cluster.remove();
  }
});

/** What a server answers to who has just connected. */
async function said(port: number, command: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    socket.write(`${command}\r\n`);
    const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    return data.toString();
  } finally {
    socket.destroy();
  }
}
