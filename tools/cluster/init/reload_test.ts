import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSpec, watchSpec } from './reload.ts';

/** A spec file that is replaced as a whole, and the names of the specs that a watcher was told, in order. */
async function watching(
  work: (write: (text: string) => void, told: readonly string[]) => Promise<void>,
): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'reload-')), 'init.json');
  const write = (text: string) => {
    writeFileSync(`${path}.draft`, text);
    renameSync(`${path}.draft`, path);
  };
  write(specOf('first', path));
  const stop = new AbortController();
  const told: string[] = [];
  const from = readSpec(path);
  // Between the reading and the watching something may change.
  write(specOf('second', path));
  const watched = watchSpec(
    from,
    async (now, before) => void told.push(`${before.name} → ${now.spec.name}`),
    stop.signal,
  );
  try {
    await work((name) => write(name.startsWith('{') ? name : specOf(name, path)), told);
  } finally {
    stop.abort();
    await watched;
  }
}

const specOf = (name: string, reloadFrom: string) => JSON.stringify({ version: 1, name, reloadFrom });

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, what);
    await sleep(20);
  }
}

test('tells each content once, also what changed before it looked for the first time', async () => {
  await watching(async (write, told) => {
    await eventually('the second', () => told.length === 1);
    write('second');
    write('third');
    await eventually('the third', () => told.length === 2);
    assert.deepEqual(told, ['first → second', 'second → third']);
  });
});

test('goes on with what it has when the file is broken, and takes up what comes after', async () => {
  await watching(async (write, told) => {
    await eventually('the second', () => told.length === 1);
    write('{ "version":');
    await sleep(500);
    assert.equal(told.length, 1);
    write('third');
    await eventually('the third', () => told.at(-1) === 'second → third');
  });
});
