// Keepers beside real Redis servers.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, test } from 'node:test';
import { createLogger } from '../../kit/index.ts';
import { handOver } from './handover.ts';
import { look } from './keeper.ts';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';
import { createOwn } from './own.ts';
import { makePlan } from './plan.ts';
import { unreadiness } from './readiness.ts';
import { createTestCluster, eventually, type TestCluster, type TestClusterOptions } from './testing/cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.remove());

async function started(options: TestClusterOptions): Promise<TestCluster> {
  cluster = await createTestCluster(options);
  await cluster.startAll();
  return cluster;
}

/** Waits until there is nothing to do, and every server is ready. */
async function settled(masters: number, timeoutMs = 30_000): Promise<void> {
  await eventually(
    'the cluster is whole',
    async () => {
      const plan = makePlan({ places: await look(cluster.links), masters });
      assert.deepEqual(plan, { actions: [], waiting: [] });
      for (const place of cluster.nodes.keys()) assert.deepEqual(await problemsAt(place), []);
      return true;
    },
    timeoutMs,
  );
}

/** `M` with the number of slots, or `R` with the place of its master, of each place. */
async function roles(): Promise<string[]> {
  const places = await look(cluster.links);
  return places.map(({ view }) => {
    const self = view?.nodes.find(({ isMyself }) => isMyself);
    if (self === undefined) return '-';
    if (self.role === 'master') return `M${self.slots.reduce((sum, [from, to]) => sum + to - from + 1, 0)}`;
    return `R${places.findIndex((place) => place.view?.id === self.masterId)}`;
  });
}

const FORMED = ['M5462', 'M5461', 'M5461', 'R0', 'R1', 'R2'];

/** A key of a slot that the master of place 0, 1 or 2 has at first. */
const KEYS = ['b', 'c', 'a'] as const; // slots 3300, 7365, 15495

async function problemsAt(place: number): Promise<string[]> {
  const link = cluster.links[place];
  assert.ok(link);
  const [nodes, state, info] = await Promise.all([
    link.text('CLUSTER', 'NODES'),
    link.text('CLUSTER', 'INFO'),
    link.text('INFO', 'everything'),
  ]);
  return unreadiness({ nodes: parseNodes(nodes), cluster: parseInfo(state), info: parseInfo(info) });
}

/** Three masters and three replicas, kept, with a key of each master. */
async function formed(): Promise<void> {
  await started({ nodes: 6 });
  cluster.keepAll();
  await settled(3);
  for (const [place, key] of KEYS.entries()) {
    await cluster.links[place]?.text('SET', key, `value of ${key}`);
    assert.equal(await cluster.links[place]?.call(['WAIT', 1, 2000]), 1);
  }
}

/** The keys that {@link formed} has written, asked from whoever is master. */
async function valuesKept(): Promise<void> {
  for (const key of KEYS) {
    const answers = await Promise.all(cluster.links.map((link) => link.text('GET', key).catch(() => 'none')));
    assert.ok(answers.includes(`value of ${key}`), `${key}: ${answers.join()}`);
  }
}

/** Ends a server, and starts one with an empty volume at its place: at another address, as a new pod is. */
async function replaced(place: number): Promise<void> {
  const node = cluster.nodes[place];
  await node?.kill();
  await node?.loseVolume();
  await node?.start(`127.0.2.${place + 1}`);
}

const pause = () => delay(50 + Math.random() * 300);

describe('keepers', { timeout: 180_000 }, () => {
  test('form three masters and three replicas out of nothing, and are ready then and not before', async () => {
    await started({ nodes: 6 });
    assert.deepEqual(await problemsAt(4), [
      'cluster_state is fail',
      '16384 slots have no owner',
      '0 of 0 masters are reached',
    ]);
    cluster.keepAll();
    await settled(3);
    assert.deepEqual(await roles(), FORMED);
  });

  test('form the same when servers start in any order, two keepers run for each, and all are killed on the way', async () => {
    cluster = await createTestCluster({ nodes: 6 });
    const starting = [3, 0, 5, 1, 4, 2].map(async (place, index) => {
      await delay(index * 150);
      await cluster.nodes[place]?.start();
    });
    for (let round = 0; round < 12; round++) {
      const keepers = [cluster.keepAll(), cluster.keepAll()];
      await pause();
      await Promise.all(keepers.map((one) => one.stop()));
    }
    await Promise.all(starting);
    cluster.keepAll();
    await settled(3);
    assert.deepEqual(await roles(), FORMED);
  });

  test('make one server alone a cluster, which keeps its data', async () => {
    await started({ nodes: 1 });
    cluster.keepAll(1);
    await settled(1);
    assert.deepEqual(await roles(), ['M16384']);
    await cluster.links[0]?.text('SET', 'a', 'kept');
    await cluster.nodes[0]?.stop();
    await cluster.nodes[0]?.start('127.0.0.9');
    await settled(1);
    assert.equal(await cluster.links[0]?.text('GET', 'a'), 'kept');
  });

  test('bring servers together that all came back with new addresses', async () => {
    await formed();
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    // Each has the address that another one had.
    await Promise.all(cluster.nodes.map((node, place) => node.start(`127.0.1.${((place + 1) % 6) + 1}`)));
    await settled(3);
    await valuesKept();
    const seen = await cluster.links[2]?.text('CLUSTER', 'NODES');
    for (const number of [1, 2, 3, 4, 5, 6]) assert.match(seen ?? '', new RegExp(`127\\.0\\.1\\.${number}:`));
    assert.doesNotMatch(seen ?? '', /127\.0\.0\.1:/);
  });

  test('have a replica copy from the new address of its master, though Redis goes on asking the former one', async () => {
    await started({ nodes: 3 });
    const keepers = cluster.keepAll(2);
    await settled(2);
    await keepers.stop();
    const [master, other, replica] = cluster.nodes;
    assert.ok(master && other && replica);
    await eventually(
      'the key is written',
      async () => (await master.link.text('SET', 'b', 'kept')) === 'OK' || undefined,
    );
    await Promise.all([master.stop(), replica.stop()]);
    await master.start('127.0.3.1');
    // It doesn't look for its replica, which so hears of the address from others, and not from itself.
    await master.link.call(['CONFIG', 'SET', 'cluster-node-timeout', 60_000]);
    const knowsMaster = (link: Link) => async () =>
      /127\.0\.3\.1:\S+ master - \d+ \d+ \d+ connected/.test(await link.text('CLUSTER', 'NODES')) || undefined;
    await eventually('the other master knows the address', knowsMaster(other.link));
    await replica.start('127.0.3.3');
    await eventually('the replica knows the address', knowsMaster(replica.link));
    const replication = async () => parseInfo(await replica.link.text('INFO', 'replication'));
    assert.equal((await replication()).get('master_host'), '127.0.0.1');
    assert.deepEqual(await problemsAt(2), [
      `it copies from 127.0.0.1:${master.port}, and its master is at 127.0.3.1:${master.port}`,
      'the link to its master is down',
    ]);
    cluster.keepAll(2);
    await settled(2);
    assert.equal((await replication()).get('master_host'), '127.0.3.1');
    await replica.link.call(['READONLY']);
    assert.equal(await replica.link.text('GET', 'b'), 'kept');
  });

  test('put a replica whose volume is lost back in its place', async () => {
    await formed();
    await replaced(4);
    await settled(3, 60_000);
    assert.deepEqual(await roles(), FORMED);
    assert.equal(parseNodes((await cluster.links[0]?.text('CLUSTER', 'NODES')) ?? '').length, 6);
  });

  test('make a master whose volume is lost a replica of the one that took its slots', async () => {
    await formed();
    await replaced(1);
    await settled(3, 60_000);
    assert.deepEqual(await roles(), ['M5462', 'R4', 'M5461', 'R0', 'M5461', 'R2']);
    await valuesKept();
  });

  test('let replicas take over without a vote when all masters have lost their volumes', async () => {
    await formed();
    await Promise.all([0, 1, 2].map(replaced));
    await settled(3, 60_000);
    assert.deepEqual((await roles()).slice(3), ['M5462', 'M5461', 'M5461']);
    await valuesKept();
  });

  test('give slots whose data is lost altogether to the server that is at the place of their master', async () => {
    await started({ nodes: 3 });
    cluster.keepAll(3);
    await settled(3);
    await replaced(1);
    await settled(3, 60_000);
    assert.deepEqual(await roles(), ['M5462', 'M5461', 'M5461']);
  });

  test('do nothing to a cluster whose master is away: Redis itself votes', async () => {
    await formed();
    await cluster.nodes[0]?.kill();
    await eventually('the replica is master', async () => ((await roles())[3] === 'M5462' ? true : undefined));
    await cluster.nodes[0]?.start('127.0.0.7');
    await settled(3);
    assert.deepEqual(await roles(), ['R3', 'M5461', 'M5461', 'M5462', 'R1', 'R2']);
    await valuesKept();
  });
});

describe('handOver', { timeout: 60_000 }, () => {
  test('makes the replica master while a client writes, which loses no write that was acknowledged', async () => {
    await formed();
    const written: number[] = [];
    let isDone = false;
    const writer = (async () => {
      for (let number = 0; !isDone; number++) {
        for (const place of [1, 4]) {
          const reply = await cluster.links[place]?.text('SADD', 'c{c}', number).catch(() => undefined);
          if (reply !== undefined) written.push(number);
        }
      }
    })();
    await pause();
    assert.equal(await handOver({ links: cluster.links, own: 1, signal: AbortSignal.timeout(8000) }), 'done');
    await pause();
    isDone = true;
    await writer;
    await cluster.nodes[1]?.stop();
    const kept = (await cluster.links[4]?.call(['SMEMBERS', 'c{c}'])) as readonly string[];
    const keptNumbers = new Set(kept.map(Number));
    assert.ok(written.length > 100, String(written.length));
    assert.deepEqual(
      written.filter((number) => !keptNumbers.has(number)),
      [],
    );
    assert.deepEqual(await problemsAt(4), []);
  });

  test('says that there is nothing to hand over, or nobody to hand it to', async () => {
    await started({ nodes: 1 });
    cluster.keepAll(1);
    const signal = AbortSignal.timeout(20_000);
    assert.equal(await handOver({ links: cluster.links, own: 0, signal }), 'no master');
    await settled(1);
    assert.equal(await handOver({ links: cluster.links, own: 0, signal, pollMs: 5 }), 'no replica');
  });
});

describe('createOwn', { timeout: 60_000 }, () => {
  test('says that a server which is told to end is not ready, unless it is still there after the time for that', async () => {
    await started({ nodes: 1 });
    cluster.keepAll(1);
    await settled(1);
    const options = { links: cluster.links, own: 0, log: createLogger({ service: 'test', level: 'silent' }) };
    const own = createOwn(options);
    assert.deepEqual(await own.ready(), { status: 200, text: 'ready' });
    assert.equal((await own.end()).text, 'no replica');
    assert.deepEqual(await own.ready(), { status: 503, text: 'it ends' });
    const late = createOwn({ ...options, endMs: 0 });
    await late.end();
    assert.deepEqual(await late.ready(), { status: 200, text: 'ready' });
  });
});
