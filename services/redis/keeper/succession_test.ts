// Who takes the place of a master whose process is gone. Redis itself would not vote within the time of these tests.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, test } from 'node:test';
import type { CopySource } from './copying.ts';
import type { Link } from './link.ts';
import { parseInfo } from './nodes.ts';
import { heirOf } from './succession.ts';
import { createTestCluster, eventually, type TestCluster } from './testing/cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.remove());

/** Three masters with a replica each, all of them kept. */
async function formed(): Promise<void> {
  cluster = await createTestCluster({ nodes: 6, settings: { 'cluster-node-timeout': '600000' } });
  await cluster.startAll();
  cluster.keepAll(3);
  await eventually('all replicas have a copy', async () => {
    const infos = await Promise.all(cluster.links.slice(3).map(replication));
    return infos.every((info) => info.get('master_link_status') === 'up') || undefined;
  });
  await eventually('all know whose the slots are', async () => {
    const states = await Promise.all(cluster.links.map((link) => link.text('CLUSTER', 'INFO')));
    const isWhole = (state: string) => /cluster_state:ok\s[^]*cluster_slots_assigned:16384\s/.test(state);
    return states.every(isWhole) || undefined;
  });
}

const replication = async (link: Link) => parseInfo(await link.text('INFO', 'replication'));

/** Place of the replica of a master. */
async function replicaOf(master: number): Promise<number> {
  const port = String(cluster.nodes[master]?.port);
  const infos = await Promise.all(cluster.links.map(replication));
  return infos.findIndex((info) => info.get('master_port') === port);
}

describe('the replica of a master whose process is gone', { timeout: 180_000 }, () => {
  test('is master before the former one is back, with every write that it has confirmed', async () => {
    await formed();
    const [former] = cluster.nodes;
    const replica = cluster.nodes[await replicaOf(0)];
    assert.ok(former && replica);
    // A key of the first master; WAIT: the replica has it.
    const key = 'b';
    for (let count = 1; count <= 50; count++) await former.link.call(['RPUSH', key, count]);
    assert.equal(await former.link.call(['WAIT', 1, 5000]), 1);
    await former.kill();
    await eventually(
      'the replica is master',
      async () => (await replication(replica.link)).get('role') === 'master' || undefined,
    );
    assert.equal(await replica.link.call(['RPUSH', key, 51]), 51);
    await former.start();
    await eventually('the former master copies', async () => {
      const info = await replication(former.link);
      return (info.get('role') === 'slave' && info.get('master_link_status') === 'up') || undefined;
    });
    await former.link.call(['READONLY']);
    assert.equal(await former.link.call(['LLEN', key]), 51);
  });

  test('stays what it is if it has not been copying of late', async () => {
    await formed();
    const [former] = cluster.nodes;
    const replica = cluster.nodes[await replicaOf(0)];
    assert.ok(former && replica);
    await replica.stop();
    await former.link.call(['SET', 'b', 'newer']);
    await former.kill();
    await replica.start();
    await eventually('it says what it is', async () => (await replica.link.text('PING')) === 'PONG' || undefined);
    await delay(3000);
    assert.equal((await replication(replica.link)).get('role'), 'slave');
    await former.start();
    await eventually(
      'the former master is back',
      async () => (await former.link.text('GET', 'b')) === 'newer' || undefined,
    );
  });
});

test('of several replicas the one with most of the data stands, and none that has not been copying of late', () => {
  const source = (offset: number, downSeconds: number | undefined = 0, isSyncing = false): CopySource => ({
    host: '10.0.0.1',
    port: 6379,
    isSyncing,
    downSeconds,
    offset,
  });
  assert.equal(heirOf([undefined, source(7), source(9), source(8)]), 2);
  assert.equal(heirOf([source(7), source(7)]), 0, 'one of equals');
  assert.equal(heirOf([source(7), source(9, 60), source(9, -1), source(9, 0, true)]), 0);
  assert.equal(heirOf([{ ...source(9), downSeconds: undefined }]), undefined, 'its master is there');
  assert.equal(heirOf([]), undefined);
});
