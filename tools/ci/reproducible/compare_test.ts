import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import type { InspectedImage } from '../../oci/inspect/inspected.ts';
import type { ContentsEntry } from '../../oci/layer/contents.ts';
import { plantTimestamp } from './builds.ts';
import { disagreements, firstDifference } from './compare.ts';

const build = (...entries: (readonly [string, string])[]) => ({ digests: new Map(entries), images: new Map() });

const file = (path: string, text: string): ContentsEntry => {
  const [digest, size] = [digestOf(text), text.length];
  return { path, type: 'file', mode: 0o555, uid: 0, gid: 0, size, digest };
};

/** An image of two layers: a base, and a program with the given files. */
function image(files: readonly ContentsEntry[], { env = 'A=1', blob = 'x' } = {}): InspectedImage {
  const layer = (createdBy: string, entries: readonly ContentsEntry[], bytes: string) => ({
    digest: digestOf(bytes),
    mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    size: 1,
    contents: { createdBy, packages: [], inputs: [], entries },
  });
  return {
    name: 'image',
    digest: digestOf('image'),
    config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, config: { Env: [env] } },
    layers: [layer('//base:layer', [file('etc/passwd', 'root')], 'base'), layer('//x:image__layer', files, blob)],
  };
}

test('names the first file that differs, its layer, and how many more do', () => {
  const [a, b] = [image([file('a', '1'), file('b', '1')]), image([file('a', '1'), file('b', '2'), file('c', '')])];
  assert.match(
    firstDifference(a, b),
    /^\/b of \/\/x:image__layer differs: .*0555.*sha256:\w+.* and .*0555.*sha256:\w+.*, and 1 more$/,
  );
  assert.match(firstDifference(b, a), /^\/b of /);
  assert.match(
    firstDifference(image([]), image([file('new', '')])),
    /^\/new of \/\/x:image__layer differs: absent and /,
  );
  const named = (digest: string, found: InspectedImage) => ({
    digests: new Map([['x/image.digest', digest]]),
    images: new Map([['x/image.digest', found]]),
  });
  const [line] = disagreements(named('1', a), named('2', b));
  assert.match(line ?? '', /^x\/image\.digest: 1 and 2\n  \/b of \/\/x:image__layer differs/);
});

test('names what differs where all files are the same', () => {
  assert.equal(firstDifference(image([]), image([], { env: 'A=2' })), 'Env A differs: "1" and "2"');
  assert.match(firstDifference(image([]), image([], { blob: 'y' })), /^\/\/x:image__layer has the same files in other/);
  assert.equal(firstDifference(image([]), image([])), 'history, times or annotations differ');
});

test('finds nothing between builds that agree', () => {
  assert.deepEqual(disagreements(build(['a', '1'], ['b', '2']), build(['b', '2'], ['a', '1'])), []);
});

test('names each image whose digest differs', () => {
  assert.deepEqual(disagreements(build(['a', '1'], ['b', '2']), build(['a', '1'], ['b', '3'])), ['b: 2 and 3']);
});

test('names an image that only one build made', () => {
  assert.deepEqual(disagreements(build(['a', '1']), build()), ['a: 1 and not built']);
});

test('plants a time that differs between two copies', async () => {
  const folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'plant-'));
  const texts: string[] = [];
  for (const name of ['a.ts', 'b.ts']) {
    writeFileSync(join(folder, name), 'export const x = 1;\n');
    await plantTimestamp(folder, name);
    texts.push(readFileSync(join(folder, name), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.notEqual(texts[0], texts[1]);
});
