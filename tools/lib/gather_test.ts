import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { gathererOf } from './gather.ts';
import { runfile } from './runfiles.ts';

/** A stream, and what each of its writes was of. */
function recorder(): { readonly stream: Writable; readonly writes: string[] } {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      writes.push(chunk);
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  return { stream, writes };
}

test('what follows a line leaves with one write, also of others who write there', () => {
  const { stream, writes } = recorder();
  const gathered = gathererOf(stream);
  for (const line of ['one\n', 'two\n', 'three\n']) {
    stream.write(line);
    gathered.hold();
  }
  assert.deepEqual(writes, ['one\n']);
  stream.write('of others\n');
  gathered.release();
  assert.deepEqual(writes, ['one\n', 'two\nthree\nof others\n']);
  stream.write('after\n');
  assert.deepEqual(writes.slice(2), ['after\n']);
});

test('two that hold the same stream back do not keep it so', () => {
  const { stream, writes } = recorder();
  gathererOf(stream).hold();
  gathererOf(stream).hold();
  stream.write('one\n');
  gathererOf(stream).release();
  assert.deepEqual(writes, ['one\n']);
});

test('what is held back leaves by itself, and what comes later is held anew', async () => {
  const { stream, writes } = recorder();
  const gathered = gathererOf(stream);
  for (const line of ['one\n', 'two\n']) {
    gathered.hold();
    await new Promise<void>((resolve) => stream.write(line, () => resolve()));
  }
  assert.deepEqual(writes, ['one\n', 'two\n']);
});

for (const [how, code] of [
  ['end', 0],
  ['exit', 3],
  ['throw', 1],
] as const) {
  test(`nothing that is held back is lost where the program ends by ${how}`, () => {
    const ended = spawnSync(runfile('fathom/tools/lib/gather_fixture'), [how], { encoding: 'utf8' });
    assert.equal(ended.stdout, 'first\nsecond\n');
    assert.equal(ended.status, code);
  });
}
