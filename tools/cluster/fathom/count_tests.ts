// Counts test targets by the result lines that `bazel test` prints, one a target.

/** How many test targets passed and failed. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

const RESULT =
  /^(?:@[^/\s]*)?\/\/\S+\s+(?:\(cached\) )?(PASSED|FLAKY|FAILED TO BUILD|FAILED|TIMEOUT|NO STATUS|INCOMPLETE|REMOTE FAILURE)\b/gm;

/**
 * Counts the results in Bazel's output. `exitCode` has the last word: when Bazel failed and no result says so (a
 * target outside the tests did not build), that is one failure.
 */
export function countTests(output: string, exitCode: number): TestCount {
  let passed = 0;
  let failed = 0;
  for (const [, result] of output.matchAll(RESULT)) {
    if (result === 'PASSED' || result === 'FLAKY') passed++;
    else failed++;
  }
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}
