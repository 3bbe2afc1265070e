import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployedAcl } from '../keeper/testing/acl.ts';
import { createTestCluster, untilWhole } from '../keeper/testing/cluster.ts';
import { probeRedis } from './connection.ts';

test('a server that cannot be reached says why', { timeout: 60_000 }, async () => {
  const acl = deployedAcl();
  const cluster = await createTestCluster({ nodes: 1, isLocalhost: true, acl });
  const address = { host: '127.0.0.1', port: cluster.nodes[0]?.port ?? 0 };
  const user = acl.user('routeguide');
  try {
    assert.equal(await probeRedis({ address, ...user }), 'ECONNREFUSED');
    await cluster.startAll();
    assert.match((await probeRedis({ address, ...user, password: 'wrong' })) ?? '', /^WRONGPASS/);
    assert.match((await probeRedis({ address })) ?? '', /^NOAUTH/);
    assert.equal(await probeRedis({ address, ...user }), 'cluster_state is fail');
    cluster.keepAll(1);
    await untilWhole(cluster);
    assert.equal(await probeRedis({ address, ...user }), undefined);
  } finally {
    await cluster.remove();
  }
});
