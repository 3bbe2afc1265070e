import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError, errorText, systemErrorCode } from './errors.ts';
import { formatBytes, formatDuration, step } from './log.ts';
import { hideValue, redact } from './redact.ts';

for (const [text, expected] of [
  ['https://ada:s3cret@host/x', 'https://***@host/x'],
  ['Authorization: Bearer abcdefghijkl', 'Authorization: Bearer ***'],
  ['got Basic YWRhOnMzY3JldA==', 'got Basic ***'],
  ['https://h/blob?x=1&token=abc&y=2', 'https://h/blob?x=1&token=***&y=2'],
  ['a basic idea and bearer of news', 'a basic idea and bearer of news'],
] as const) {
  test(`redacts ${JSON.stringify(text)} to ${JSON.stringify(expected)}`, () => assert.equal(redact(text), expected));
}

test('hides the lines of a key and leaves those with which any of them begins and ends', () => {
  const around = (line: string) => `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
  hideValue(around('c2VjcmV0LWtleS1vZi10aGlzLXRlc3Q='));
  assert.equal(redact('it has c2VjcmV0LWtleS1vZi10aGlzLXRlc3Q='), 'it has ***');
  assert.equal(redact(around('c2VjcmV0LWtleS1vZi10aGlzLXRlc3Q=')), '***');
  assert.equal(redact(around('b3RoZXItY2VydGlmaWNhdGU=')), around('b3RoZXItY2VydGlmaWNhdGU='));
});

test('finds the system error code behind wrapped and aggregate errors', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const wrapped = new ToolError('X', 'Doing x', {
    cause: new TypeError('fetch failed', { cause: new AggregateError([refused]) }),
  });
  assert.equal(systemErrorCode(wrapped), 'ECONNREFUSED');
  assert.equal(systemErrorCode(new ToolError('X', 'Doing x')), undefined);
});

test('tells an error and its causes in one line, each once', () => {
  const error = new Error('outer', { cause: new Error('inner\n  line') });
  assert.equal(errorText(error), 'outer: inner line');
  assert.equal(errorText(new Error('outer: inner', { cause: new Error('inner') })), 'outer: inner');
});

test('formats durations and sizes for people', () => {
  assert.deepEqual([80.4, 3210, 125_000].map(formatDuration), ['80 ms', '3.2 s', '2 min 5 s']);
  assert.deepEqual([512, 30_600, 30_600_000, 2_500_000_000].map(formatBytes), [
    '512 B',
    '30.6 kB',
    '30.6 MB',
    '2.50 GB',
  ]);
});

test('says what a step does, that it still runs, how far it is, and how long it took', async () => {
  const lines: string[] = [];
  const push = (line: string) => lines.push(line);
  const log = { info: push, warn: push, error: push };
  const result = await step('Counting', () => new Promise((resolve) => setTimeout(() => resolve(7), 60)), {
    log,
    everyMs: 20,
    detail: () => '3 of 7',
  });
  assert.equal(result, 7);
  assert.equal(lines[0], 'Counting …');
  assert.match(lines[1] ?? '', /^Counting … 3 of 7, \d+ ms$/);
  assert.match(lines.at(-1) ?? '', /^Counting: done in \d+ ms$/);
});
