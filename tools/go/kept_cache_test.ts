import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packCache } from './cache_archive.ts';
import { keepCaches, NO_CACHES } from './kept_cache.ts';

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

test('gives each package what was packed and prepared, and nothing that another has added', async () => {
  const { place, archive } = await placeOf('each', 'compiled');
  let prepared = 0;
  const prepare = (given: string) => writeFile(join(given, 'ab', 'index'), `${prepared++}`);
  const caches = keepCaches(place, 'kept-');
  for (let package_ = 0; package_ < 3; package_++) {
    const given = await caches.folderOf(archive, join(place, 'none'), prepare);
    assert.equal(await readFile(join(given, ENTRY), 'utf8'), 'compiled');
    assert.deepEqual((await readdir(given, { recursive: true })).sort(), ['ab', ENTRY, 'ab/index', 'trim.txt']);
    // So that go does not look at the age of all entries.
    assert.ok(Math.abs(Number(await readFile(join(given, 'trim.txt'), 'utf8')) - Date.now() / 1000) < 600);
    await writeFile(join(given, 'ab', 'more'), 'of one');
    await mkdir(join(given, 'cd', 'deeper'), { recursive: true });
    await writeFile(join(given, 'cd', 'deeper', 'more'), 'of one');
  }
  assert.equal(prepared, 1);
  assert.equal((await keptIn(place)).length, 1);
  caches.remove();
  assert.deepEqual(await keptIn(place), []);
});

test('a process that keeps nothing gives each package a folder of its own', async () => {
  const { place, archive } = await placeOf('own', 'compiled');
  for (const work of ['one', 'two']) {
    const given = await NO_CACHES.folderOf(archive, join(place, work));
    assert.equal(await readFile(join(given, ENTRY), 'utf8'), 'compiled');
    assert.ok(given.startsWith(join(place, work)));
  }
});

test('sees that the archive is another one', async () => {
  const { place, archive } = await placeOf('another', 'before');
  const caches = keepCaches(place, 'kept-');
  await caches.folderOf(archive, join(place, 'none'));
  await rename((await placeOf('newer', 'after')).archive, archive);
  const given = await caches.folderOf(archive, join(place, 'none'));
  assert.equal(await readFile(join(given, ENTRY), 'utf8'), 'after');
  assert.equal((await keptIn(place)).length, 1);
});

test('unpacks again what somebody has taken away', async () => {
  const { place, archive } = await placeOf('taken', 'compiled');
  const caches = keepCaches(place, 'kept-');
  await caches.folderOf(archive, join(place, 'none'));
  for (const name of await keptIn(place)) await rm(join(place, name), { recursive: true });
  const given = await caches.folderOf(archive, join(place, 'none'));
  assert.equal(await readFile(join(given, ENTRY), 'utf8'), 'compiled');
});

test('keeps nothing of an archive that is cut off', async () => {
  const { place, archive } = await placeOf('cut', randomBytes(100_000).toString('hex'));
  const whole = await readFile(archive);
  await writeFile(archive, whole.subarray(0, whole.length / 2));
  const caches = keepCaches(place, 'kept-');
  await assert.rejects(caches.folderOf(archive, join(place, 'none')));
  await assert.rejects(caches.folderOf(archive, join(place, 'none')));
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
