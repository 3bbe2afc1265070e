import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTests } from './count_tests.ts';

const OUTPUT = `INFO: Elapsed time: 1.4s
//tools/lib:user_test                                      (cached) PASSED in 0.5s
//tools/lib:cli_test                                                PASSED in 2.7s
  Stats over 3 runs: max = 0.5s, min = 0.4s, avg = 0.4s, dev = 0.1s
//tools/x:a_test                                                    FAILED in 0.3s
  /root/testlogs/tools/x/a_test/test.log
//tools/x:b_test                                                   TIMEOUT in 60.3s
//tools/x:c_test                                           FAILED TO BUILD
//tools/x:d_test                                                 NO STATUS
Executed 2 out of 6 tests: 2 tests pass, 1 fails to build, 2 fail locally and 1 was skipped.
`;

test('counts each target once, by its result', () => {
  assert.deepEqual(countTests(OUTPUT, 3), { passed: 2, failed: 4 });
});

test('counts a failed build without a result as one failure', () => {
  assert.deepEqual(countTests('ERROR: //x: no such target\n', 1), { passed: 0, failed: 1 });
});

test('counts no failure where all passed', () => {
  assert.deepEqual(countTests('//a:b PASSED in 0.1s\n', 0), { passed: 1, failed: 0 });
});
