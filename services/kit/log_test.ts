import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './log.ts';

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
