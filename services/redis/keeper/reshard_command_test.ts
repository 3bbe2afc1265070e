// What people run to move slots, against real servers.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { look } from './keeper.ts';
import { openLink } from './link.ts';
import { countSlots } from './nodes.ts';
import { runReshard } from './reshard_command.ts';
import { createTestCluster, eventually, formOnce, type TestCluster } from './testing/cluster.ts';

const NODES = [0, 1, 2, 3];
const KEYS = 2000;
const linesOf = (password: string) => ['user default off', `user admin on >${password} ~* &* +@all`];
const former = { username: 'admin', password: 'former-password' };
const next = { username: 'admin', password: 'next-password' };
let password = former;
let cluster: TestCluster;
afterEach(() => cluster.remove());

/** Four masters with some keys, and what a keeper's container beside the first one would have in its environment. */
async function formed(addresses = NODES.map(() => '127.0.0.1')): Promise<NodeJS.ProcessEnv> {
  cluster = await createTestCluster({
    nodes: NODES.length,
    isLocalhost: true,
    acl: { lines: linesOf(former.password), admin: former },
  });
  await writeFile(join(cluster.folder, 'password'), former.password);
  await formOnce(cluster, 4, addresses);
  for (let number = 0; number < KEYS; number++) {
    for (const link of cluster.links) {
      if (await link.call(['SET', `key:${number}`, number]).catch(() => undefined)) break;
    }
  }
  return {
    REDIS_NODES: cluster.nodes.map(({ port }, place) => `${addresses[place]}:${port}`).join(','),
    POD_NAME: 'redis-0',
    REDIS_MASTERS: '4',
    REDIS_SECRETS_FOLDER: cluster.folder,
  };
}

/** How many slots and keys each server has, by whoever's password is the present one. */
async function shares(
  addresses = NODES.map(() => '127.0.0.1'),
): Promise<{ readonly slots: number[]; readonly keys: number }> {
  const links = cluster.nodes.map(({ port }, place) =>
    openLink({ endpoint: { host: addresses[place] ?? '', port }, credentials: () => password }),
  );
  try {
    await eventually('all answer', async () => (await Promise.all(links.map((link) => link.text('PING')))) && true);
    const slots = (await look(links)).map(({ view }) =>
      countSlots(view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? []),
    );
    const keys = await Promise.all(links.map((link) => link.call(['DBSIZE'])));
    return { slots, keys: keys.reduce<number>((sum, one) => sum + Number(one), 0) };
  } finally {
    for (const link of links) link.close();
  }
}

const isUnderWay = async () => {
  const [, , , last = 0] = (await look(cluster.links)).map(({ view }) =>
    countSlots(view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? []),
  );
  return last < 4000 || undefined;
};
const EVEN = { slots: [5462, 5461, 5461, 0], keys: KEYS };

describe('main.js reshard', { timeout: 150_000 }, () => {
  test('is refused while another process moves slots, which it does not disturb', async () => {
    const env = await formed();
    const first = runReshard(['--masters=3'], env);
    await eventually('slots move', isUnderWay);
    await assert.rejects(runReshard(['--masters=4'], env), /another process does it already, from 127\.0\.0\.1:\d+$/);
    assert.equal(await first, 0);
    assert.deepEqual(await shares(), EVEN);
    assert.equal(await runReshard(['--masters=3'], env), 0);
  });

  test('moves keys to the server beside it, too, by the address at which the others reach it', async () => {
    const addresses = NODES.map((place) => `127.0.4.${place + 1}`);
    const env = await formed(addresses);
    assert.equal(await runReshard(['--masters=3'], env), 0);
    assert.deepEqual(await shares(addresses), EVEN);
  });

  test('goes on when passwords change, though servers and process hear of it one after the other', async () => {
    const env = await formed();
    const running = runReshard(['--masters=3'], env);
    await eventually('slots move', isUnderWay);
    await writeFile(join(cluster.folder, 'users.acl'), `${linesOf(next.password).join('\n')}\n`);
    for (const [place, link] of cluster.links.entries()) {
      if (place === 2) await writeFile(join(cluster.folder, 'password'), next.password);
      // It may end this very connection, as its user has changed.
      await link.call(['ACL', 'LOAD']).catch(() => undefined);
      await delay(700);
    }
    password = next;
    assert.equal(await running, 0);
    assert.deepEqual(await shares(), EVEN);
  });
});
