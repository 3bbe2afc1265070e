// pins.json as a file: what of it is read, how it is written, and that nothing of it is ever lost.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { check } from 'prettier';
import { ToolError } from '../../lib/errors.ts';
import { type Pin, formatPins, parsePins, withPins } from '../model/pins.ts';
import { readPins, updatePins } from './pins_store.ts';

const DIGEST = `sha256:${'0'.repeat(64)}` as const;
const COMMIT = 'a'.repeat(40);
const PIN: Pin = { digest: DIGEST, commit: COMMIT, time: '2026-01-02T03:04:05Z', sbom: DIGEST };
const GOOD = { dev: { 'r.test/x': PIN } };

let folder = '';
const place = () => ({ workspace: folder, file: 'pins.json' });
const path = () => join(folder, 'pins.json');
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-pins-'));
});
beforeEach(() => writeFile(path(), formatPins(GOOD)));
after(() => rm(folder, { recursive: true }));

// What is wrong, where the message says that it is, and the file.
const BROKEN: readonly (readonly [string, RegExp, string])[] = [
  ['an empty file', /pins\.json: .*no JSON/, ''],
  ['a file that ends too early', /line 2, column 9: it is no JSON/, '{\n  "dev":'],
  ['a list', /it is no object/, '[]'],
  ['marks of a merge conflict', /merge conflict/, `{\n<<<<<<< HEAD\n  "dev": {}\n=======\n>>>>>>> main\n}`],
  ['a key that is there twice', /line 1, column 13: a key is there twice/, '{"dev": {}, "dev": {}}'],
  ['an environment that is no object', /'dev' is no object/, '{"dev": "x"}'],
  ['a pin that is no object', /pin of x for 'dev' is no object/, '{"dev": {"x": "sha256:1"}}'],
  ['a digest that is a tag', /pin of x for 'dev' has the digest "latest"/, '{"dev": {"x": {"digest": "latest"}}}'],
  ['a short commit', /the commit "abc"/, JSON.stringify({ dev: { x: { ...PIN, commit: 'abc' } } })],
  ['a time that is none', /the time "soon"/, JSON.stringify({ dev: { x: { ...PIN, time: 'soon' } } })],
  ['an sbom that is no digest', /the sbom "x"/, JSON.stringify({ dev: { x: { ...PIN, sbom: 'x' } } })],
  ['a dirty that is a text', /dirty = "yes"/, JSON.stringify({ dev: { x: { ...PIN, dirty: 'yes' } } })],
];

for (const [what, message, text] of BROKEN) {
  test(`refuses ${what}, naming the place, and leaves the file as it is`, async () => {
    await writeFile(path(), text);
    const isRefused = (error: unknown) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 'K8S_PINS_INVALID');
      assert.match(error.message, message);
      assert.ok((error.hint ?? '').length > 10);
      return true;
    };
    await assert.rejects(readPins(place()), isRefused);
    await assert.rejects(
      updatePins(place(), () => GOOD),
      isRefused,
    );
    assert.equal(await readFile(path(), 'utf8'), text);
    assert.deepEqual(await readdir(folder), ['pins.json']);
  });
}

test('writes keys sorted, as prettier leaves them, whatever their order was', async () => {
  const index: Pin = { ...PIN, sbom: { 'linux/arm64': DIGEST, 'linux/amd64': DIGEST } };
  const text = formatPins({ prod: {}, dev: { 'r.test/b': PIN, 'r.test/a': index } });
  assert.ok(await check(text, { parser: 'json', printWidth: 120 }), text);
  const order = [...text.matchAll(/"(dev|prod|r\.test\/.|linux\/.{5}|commit|digest)":/g)].map(([, key]) => key);
  const pin = ['commit', 'digest'];
  assert.deepEqual(order, ['dev', 'r.test/a', ...pin, 'linux/amd64', 'linux/arm64', 'r.test/b', ...pin, 'prod']);
  assert.equal(formatPins(parsePins(text, 'x')), text);
});

test('keeps what it does not know', () => {
  const pin = { ...PIN, note: { b: 1, a: [2, 1] } };
  assert.deepEqual(parsePins(formatPins({ dev: { x: pin } }), 'x'), { dev: { x: pin } });
});

test('writes nothing when nothing changes', async () => {
  const before = await stat(path());
  assert.equal(await updatePins(place(), (pins) => ({ ...pins })), false);
  assert.equal((await stat(path())).mtimeMs, before.mtimeMs);
  assert.equal((await stat(path())).ino, before.ino);
});

test('makes a file that is not there', async () => {
  await rm(path());
  assert.equal(await updatePins(place(), () => GOOD), true);
  assert.deepEqual(await readPins(place()), GOOD);
});

test('follows a link, and keeps the mode of the file', async () => {
  await chmod(path(), 0o600);
  await symlink(path(), join(folder, 'link.json'));
  await updatePins({ workspace: folder, file: 'link.json' }, (pins) => withPins(pins, 'prod', { 'r.test/x': PIN }));
  assert.deepEqual(Object.keys(await readPins(place())), ['dev', 'prod']);
  assert.equal((await stat(path())).mode & 0o777, 0o600);
  await rm(join(folder, 'link.json'));
});

test('loses no change of forty that are made at once, and no reader sees half a file', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `r.test/${index}`);
  let isDone = false;
  const reader = (async () => {
    while (!isDone) {
      parsePins(await readFile(path(), 'utf8'), 'pins.json');
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await Promise.all(names.map((name) => updatePins(place(), (pins) => withPins(pins, 'dev', { [name]: PIN })))).finally(
    () => (isDone = true),
  );
  await reader;
  assert.deepEqual(Object.keys((await readPins(place()))['dev'] ?? {}).sort(), [...names, 'r.test/x'].sort());
  assert.deepEqual(await readdir(folder), ['pins.json']);
});
