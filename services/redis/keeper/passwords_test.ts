import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '../../kit/index.ts';
import { openLink } from './link.ts';
import { followPasswords } from './passwords.ts';
import { createTestCluster, eventually } from './testing/cluster.ts';

const linesOf = (password: string) => ['user default off', `user admin on >${password} ~* &* +@all`];

test(
  'a changed password is that of a running Redis, and the former is none any more',
  { timeout: 60_000 },
  async () => {
    const former = { username: 'admin', password: 'former-password' };
    const next = { username: 'admin', password: 'next-password' };
    const cluster = await createTestCluster({ nodes: 1, acl: { lines: linesOf(former.password), admin: former } });
    const [node] = cluster.nodes;
    assert.ok(node);
    const { folder } = cluster;
    await writeFile(join(folder, 'replication-password'), 'former-copy');
    await node.start();
    const controller = new AbortController();
    const log = createLogger({ service: 'test', level: 'silent' });
    const followed = followPasswords({ link: node.link, folder, log, signal: controller.signal, intervalMs: 50 });
    const endpoint = { host: '127.0.0.1', port: node.port };
    const link = openLink({ endpoint, credentials: () => next });
    try {
      await assert.rejects(link.call(['PING']));
      // What is no list of users is refused as a whole, and the former ones stay.
      await writeFile(join(folder, 'users.acl'), 'user admin what');
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await node.link.text('ACL', 'WHOAMI'), 'admin');
      await writeFile(join(folder, 'replication-password'), 'next-copy\n');
      await writeFile(join(folder, 'users.acl'), `${linesOf(next.password).join('\n')}\n`);
      await eventually('the next password is taken', async () =>
        (await link.text('PING')) === 'PONG' ? true : undefined,
      );
      assert.deepEqual(await link.call(['CONFIG', 'GET', 'masterauth']), ['masterauth', 'next-copy']);
      const stranger = openLink({ endpoint, credentials: () => former });
      await assert.rejects(eventually('the former password', () => stranger.text('PING'), 500));
      stranger.close();
    } finally {
      controller.abort();
      await followed;
      link.close();
      await cluster.remove();
    }
  },
);

test(
  'a change from before a keeper was started gets into its Redis, and into others whose keepers know the next password alone',
  { timeout: 60_000 },
  async () => {
    const former = { username: 'admin', password: 'former-password' };
    const next = { username: 'admin', password: 'next-password' };
    const cluster = await createTestCluster({ nodes: 2, acl: { lines: linesOf(former.password), admin: former } });
    const { folder } = cluster;
    await cluster.startAll();
    await writeFile(join(folder, 'replication-password'), 'next-copy');
    await writeFile(join(folder, 'users.acl'), `${linesOf(next.password).join('\n')}\n`);
    const controller = new AbortController();
    const [link, ...others] = cluster.links;
    assert.ok(link);
    const log = createLogger({ service: 'test', level: 'silent' });
    const { signal } = controller;
    const followed = followPasswords({ link, others, folder, log, signal, intervalMs: 50, othersAfterMs: 0 });
    const locked = cluster.nodes.map(({ port }) =>
      openLink({ endpoint: { host: '127.0.0.1', port }, credentials: () => next }),
    );
    try {
      await eventually('the next password is taken', async () =>
        (await Promise.all(locked.map((one) => one.text('PING')))).length === 2 ? true : undefined,
      );
      assert.deepEqual(await locked[0]?.call(['CONFIG', 'GET', 'masterauth']), ['masterauth', 'next-copy']);
    } finally {
      controller.abort();
      await followed;
      for (const one of locked) one.close();
      await cluster.remove();
    }
  },
);

test(
  'a connection that is lost while Redis has not read a changed password comes back, and so it does when it has',
  { timeout: 60_000 },
  async () => {
    const former = { username: 'admin', password: 'former-password' };
    const next = { username: 'admin', password: 'next-password' };
    const cluster = await createTestCluster({ nodes: 1, acl: { lines: linesOf(former.password), admin: former } });
    const [node] = cluster.nodes;
    assert.ok(node);
    await node.start();
    let present = former;
    const link = openLink({ endpoint: { host: '127.0.0.1', port: node.port }, credentials: () => present });
    const id = () => link.text('CLIENT', 'ID');
    const lost = async () => {
      const before = await id();
      await link.call(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no']).catch(() => undefined);
      return eventually('it comes back', async () => ((await id()) === before ? undefined : true));
    };
    try {
      await eventually('it connects', id);
      present = next;
      await lost();
      await writeFile(join(cluster.folder, 'users.acl'), `${linesOf(next.password).join('\n')}\n`);
      await link.call(['ACL', 'LOAD']);
      await lost();
    } finally {
      link.close();
      await cluster.remove();
    }
  },
);
