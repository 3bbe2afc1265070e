import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportOf } from './report.ts';

const CODE = 'METRIC_UNKNOWN';

test('what is wrong at many places for one reason is said once, with how many there are', () =>
  assert.deepEqual(
    reportOf([
      { code: CODE, text: 'a: no x', problem: 'no x' },
      { code: CODE, text: 'b: no y', problem: 'no y' },
      { code: CODE, text: 'c: no x', problem: 'no x' },
      { code: 'RULES_INVALID', text: 'd: no x', problem: 'no x' },
      { code: CODE, text: 'e: no x', problem: 'no x' },
      { code: CODE, text: 'f: no y', problem: 'no y' },
    ]),
    [
      `error: ${CODE}: a: no x`,
      '  likewise at 2 further places',
      `error: ${CODE}: b: no y`,
      '  likewise at one further place',
      'error: RULES_INVALID: d: no x',
    ],
  ));

test('what has no reason in common is said each by itself', () =>
  assert.deepEqual(
    reportOf([
      { code: CODE, text: 'a' },
      { code: CODE, text: 'b' },
    ]),
    [`error: ${CODE}: a`, `error: ${CODE}: b`],
  ));
