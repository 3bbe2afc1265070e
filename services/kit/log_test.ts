import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createLogger } from './log.ts';
import { turnDestination } from './log_destination.ts';
import { Secret } from './secret.ts';

test('logs one JSON object a line: level as a word, time, service, and the error with its causes', () => {
  const lines: string[] = [];
  const log = createLogger({ service: 'x', destination: { write: (line) => lines.push(line) } });
  log.child({ round: 3 }).error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  log.debug('dropped');
  assert.equal(lines.length, 1);
  const entry = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(entry['level'], 'error');
  assert.equal(entry['service'], 'x');
  assert.equal(entry['round'], 3);
  assert.equal(entry['msg'], 'failed');
  assert.match(String(entry['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(JSON.stringify(entry['err']), /outer: inner/);
});

test('writes a secret as one', () => {
  const lines: string[] = [];
  const log = createLogger({ service: 'x', destination: { write: (line) => lines.push(line) } });
  const password = new Secret('hunter2');
  log.info({ password, config: { password } }, 'told');
  log.info(`the password is ${password}`);
  assert.doesNotMatch(lines.join(''), /hunter2/);
  assert.match(lines[0] ?? '', /"password":"\[secret\]"/);
});

test('writes lines together at the end of the turn: all of them, in order', async () => {
  const folder = mkdtempSync('/tmp/kit-log-');
  const path = join(folder, 'lines');
  const descriptor = openSync(path, 'w');
  try {
    const destination = turnDestination(descriptor);
    destination.write('first\n');
    assert.equal(readFileSync(path, 'utf8'), '');
    await setImmediate();
    await setImmediate();
    assert.equal(readFileSync(path, 'utf8'), 'first\n');
    for (let index = 0; index < 20_000; index++) destination.write(`line ${index}\n`);
    await setImmediate();
    await setImmediate();
    const expected = ['first', ...Array.from({ length: 20_000 }, (_, index) => `line ${index}`), ''];
    assert.deepEqual(readFileSync(path, 'utf8').split('\n'), expected);
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});
