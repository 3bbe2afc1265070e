import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { claimFolder, deleteFolder } from '../state_folder.ts';
import { downEmbedded } from './down.ts';
import { choosePort, requireFreePort } from './host.ts';
import { withLock } from './lock.ts';
import { awaitEnd, childrenOf, isAlive, readPidRecord, recordOf, startTicksOf, writePidRecord } from './pid_record.ts';

const scratch = () => mkdtemp(join(tmpdir(), 'host-'));

test('chooses a port that is free, and says when one is not', async () => {
  await requireFreePort(await choosePort());
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(requireFreePort(port), {
    code: 'CLUSTER_PORT_IN_USE',
    message: new RegExp(`127.0.0.1:${port} `),
  });
  server.close();
});

test('lets one at a time through a lock, and frees it after a failure', async () => {
  const name = await scratch();
  await withLock(name, async () => {
    await assert.rejects(
      withLock(name, async () => undefined),
      { code: 'CLUSTER_BUSY' },
    );
    await withLock(`${name}-other`, async () => undefined);
  });
  await assert.rejects(
    withLock(name, async () => {
      throw new Error('x');
    }),
    /x/,
  );
  assert.equal(await withLock(name, async () => 7, { waitMs: 5000 }), 7);
});

test('says what interrupted the wait for a lock', async () => {
  const name = await scratch();
  const stop = new AbortController();
  await withLock(name, async () => {
    const waiting = withLock(name, async () => undefined, { waitMs: 60_000, signal: stop.signal });
    stop.abort(new ToolError('INTERRUPTED', 'Running: interrupted by SIGINT'));
    await assert.rejects(waiting, { code: 'INTERRUPTED' });
  });
});

test('reads the start time of a program whose name has spaces and parentheses', () => {
  const fields = ['S', ...Array.from({ length: 18 }, (_, n) => `${n}`), '12345', 'rest'];
  assert.equal(startTicksOf(`77 (a) b (c)) ${fields.join(' ')}`), '12345');
});

test('knows a process by its start time, so that a reused pid is not taken for it', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const record = recordOf(child.pid ?? 0);
  assert.ok(record !== undefined);
  const path = join(await scratch(), 'pid.json');
  await writePidRecord(path, record);
  assert.deepEqual(await readPidRecord(path), record);
  assert.equal(isAlive(record), true);
  assert.equal(isAlive({ ...record, startTicks: '1' }), false);
  assert.equal(isAlive({ ...record, bootId: 'another' }), false);
  assert.ok(childrenOf(process.pid).includes(record.pid));
  child.kill('SIGKILL');
  assert.equal(await awaitEnd(record, 5000), true);
});

test('takes half of a pid record for none', async () => {
  const path = join(await scratch(), 'pid.json');
  assert.equal(await readPidRecord(path), undefined);
  await writeFile(path, '{"pid": 1');
  assert.equal(await readPidRecord(path), undefined);
});

test('does not delete a folder that is no state of a cluster', async () => {
  const folder = join(await scratch(), 'home');
  const log = createLog(() => undefined);
  assert.equal(await downEmbedded({ name: 'home', folder, log }), false);
  await mkdir(folder);
  await writeFile(join(folder, 'letter.txt'), 'dear');
  await assert.rejects(downEmbedded({ name: 'home', folder, log }), { code: 'CLUSTER_FOLDER_FOREIGN' });
  assert.deepEqual(await readdir(folder), ['letter.txt']);
});

test('deletes the marker of a state folder last, so that what an interruption leaves is known', async () => {
  const folder = join(await scratch(), 'state', 'x');
  await claimFolder(folder);
  const [marker = ''] = await readdir(folder);
  for (const name of ['.a', 'etcd', 'z']) await mkdir(join(folder, name));
  const gone: string[] = [];
  const watcher = watch(folder, (_event, name) => {
    if (name !== null && name !== 'x') gone.push(name);
  });
  await deleteFolder(folder);
  for (const end = performance.now() + 10_000; !gone.includes(marker) && performance.now() < end;) await sleep(10);
  watcher.close();
  assert.deepEqual([...new Set(gone)].toSorted(), [marker, '.a', 'etcd', 'z'].toSorted());
  assert.equal(gone.at(-1), marker);
});

test('takes down a half-made state folder, and one with a broken plan', async () => {
  for (const plan of [undefined, '{']) {
    const root = await scratch();
    const folder = join(root, 'state', 'x');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.fathom-cluster'), '');
    if (plan !== undefined) await writeFile(join(folder, 'plan.json'), plan);
    assert.equal(await downEmbedded({ name: 'x', folder, log: createLog(() => undefined) }), true);
    assert.deepEqual(await readdir(root), []);
  }
});
