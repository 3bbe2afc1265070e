import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packCache, timelessIndex, unpackCache } from './cache_archive.ts';

const folder = await mkdtemp(join(tmpdir(), 'go-cache-'));
after(() => rm(folder, { recursive: true }));

const KEY = 'ab'.repeat(32);
const index = (time: string) => `v1 ${KEY} ${'cd'.repeat(32)} ${'123'.padStart(20)} ${time.padStart(20)}\n`;

/** A cache with one compiled package, written at `time`. */
async function cacheOf(name: string, time: string): Promise<string> {
  const cache = join(folder, name);
  await mkdir(join(cache, 'ab'), { recursive: true });
  await mkdir(join(cache, 'cd'));
  await writeFile(join(cache, 'ab', `${KEY}-a`), index(time));
  await writeFile(join(cache, 'cd', `${'cd'.repeat(32)}-d`), Buffer.alloc(100_000, 7));
  await writeFile(join(cache, 'trim.txt'), time);
  return cache;
}

test('is the same file whenever the same was compiled, and has no more than the entries', async () => {
  await packCache(await cacheOf('one', '1795641015850188536'), join(folder, 'one.tar.zst'));
  await packCache(await cacheOf('two', '1795641016465418870'), join(folder, 'two.tar.zst'));
  const one = await readFile(join(folder, 'one.tar.zst'));
  assert.deepEqual(await readFile(join(folder, 'two.tar.zst')), one);
  const unpacked = join(folder, 'unpacked');
  await unpackCache(join(folder, 'one.tar.zst'), unpacked);
  assert.deepEqual((await readdir(unpacked)).sort(), ['ab', 'cd']);
  assert.equal(await readFile(join(unpacked, 'ab', `${KEY}-a`), 'utf8'), index('1'));
  assert.deepEqual(await readFile(join(unpacked, 'cd', `${'cd'.repeat(32)}-d`)), Buffer.alloc(100_000, 7));
});

test('leaves out an index of another form: without it go compiles once more', () => {
  assert.equal(timelessIndex('v2 something else\n'), undefined);
  assert.equal(timelessIndex(index('5'))?.length, index('5').length);
});

test('fails on an archive that is cut off', async () => {
  const whole = await readFile(join(folder, 'one.tar.zst'));
  await writeFile(join(folder, 'cut.tar.zst'), whole.subarray(0, whole.length - 20));
  await assert.rejects(unpackCache(join(folder, 'cut.tar.zst'), join(folder, 'cut')));
});
