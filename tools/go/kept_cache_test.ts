import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packCache } from './cache_archive.ts';
import { keepCaches } from './kept_cache.ts';

const folder = await mkdtemp(join(tmpdir(), 'go-kept-'));
after(() => rm(folder, { recursive: true }));

const ENTRY = join('ab', `${'ab'.repeat(32)}-d`);

/** A folder for a test, with an archive whose one entry has `text`. */
async function placeOf(name: string, text: string): Promise<{ readonly place: string; readonly archive: string }> {
  const place = join(folder, name);
  await mkdir(join(place, 'packed', 'ab'), { recursive: true });
  await writeFile(join(place, 'packed', ENTRY), text);
  await packCache(join(place, 'packed'), join(place, 'archive'));
  return { place, archive: join(place, 'archive') };
}

const keptIn = async (place: string) => (await readdir(place)).filter((name) => name.startsWith('kept-'));

test('gives each package what was packed, and none what another has added', async () => {
  const { place, archive } = await placeOf('each', 'compiled');
  const caches = keepCaches(place, 'kept-');
  await caches.fill(archive, join(place, 'one'));
  await writeFile(join(place, 'one', 'ab', 'more'), 'of one');
  await caches.fill(archive, join(place, 'two'));
  assert.deepEqual(await readdir(join(place, 'two', 'ab')), [`${'ab'.repeat(32)}-d`]);
  // So that go does not look at the age of all entries.
  assert.ok(Math.abs(Number(await readFile(join(place, 'two', 'trim.txt'), 'utf8')) - Date.now() / 1000) < 600);
  assert.equal(await readFile(join(place, 'two', ENTRY), 'utf8'), 'compiled');
  assert.equal((await keptIn(place)).length, 1);
  caches.remove();
  assert.deepEqual(await keptIn(place), []);
  assert.equal(await readFile(join(place, 'two', ENTRY), 'utf8'), 'compiled');
});

test('sees that the archive is another one', async () => {
  const { place, archive } = await placeOf('another', 'before');
  const caches = keepCaches(place, 'kept-');
  await caches.fill(archive, join(place, 'one'));
  await rename((await placeOf('newer', 'after')).archive, archive);
  await caches.fill(archive, join(place, 'two'));
  assert.equal(await readFile(join(place, 'two', ENTRY), 'utf8'), 'after');
  assert.equal((await keptIn(place)).length, 1);
});

test('unpacks again what somebody has taken away', async () => {
  const { place, archive } = await placeOf('taken', 'compiled');
  const caches = keepCaches(place, 'kept-');
  await caches.fill(archive, join(place, 'one'));
  for (const name of await keptIn(place)) await rm(join(place, name), { recursive: true });
  await caches.fill(archive, join(place, 'two'));
  assert.equal(await readFile(join(place, 'two', ENTRY), 'utf8'), 'compiled');
});

test('keeps nothing of an archive that is cut off', async () => {
  const { place, archive } = await placeOf('cut', randomBytes(100_000).toString('hex'));
  const whole = await readFile(archive);
  await writeFile(archive, whole.subarray(0, whole.length / 2));
  const caches = keepCaches(place, 'kept-');
  await assert.rejects(caches.fill(archive, join(place, 'one')));
  await assert.rejects(caches.fill(archive, join(place, 'two')));
  assert.deepEqual(await keptIn(place), []);
});

test('takes away what a process has left that was killed, and nothing of one that runs', async () => {
  const { place } = await placeOf('killed', 'compiled');
  // No process has this number: it is above what Linux gives.
  await mkdir(join(place, 'kept-4194999-abc'));
  await mkdir(join(place, `kept-${process.pid}-abc`));
  keepCaches(place, 'kept-');
  assert.deepEqual(await keptIn(place), [`kept-${process.pid}-abc`]);
});
