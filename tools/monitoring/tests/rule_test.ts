// The rules as Bazel runs them: exit code and text.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const SAMPLE = 'tools/monitoring/tests/sample';

async function run(name: string): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((done) => {
    execFile(runfile(`fathom/${SAMPLE}/${name}`), { timeout: 60_000 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }),
    );
  });
}

test('prometheus_metrics_test fails with all that is wrong, each with its code and place', async () => {
  const { code, text } = await run('broken_test');
  assert.equal(code, 1, text);
  const errors = text.split('\n').filter((line) => line.startsWith('error: '));
  assert.deepEqual(errors, [
    `error: METRIC_UNKNOWN: ${SAMPLE}/broken.yaml: queue: Long: column 17 of \`max by (queue) (queue_lenght) > 9\`: nobody exposes queue_lenght, the nearest is queue_length`,
    `error: PROMQL_SYNTAX: ${SAMPLE}/broken.yaml: queue: Longer: column 34 of \`max by (queue) (queue_length > 99\`: it ends too early`,
    `error: RUNBOOK_MISSING: ${SAMPLE}/broken.yaml: queue: Long: there is no docs/runbooks/queue.md`,
  ]);
  assert.match(text, /broken_test: 3 findings in 2 rules and 0 dashboards\n$/);
});

test('prometheus_rule_test fails where rules do something else than expected, with what promtool says', async () => {
  const { code, text } = await run('late_test');
  assert.equal(code, 1, text);
  assert.match(text, /^error: RULES_TEST_FAILED: Testing rules by .*late_test\.yaml: .*alertname: Long, time: 6m/s);
  assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(text), 'there is a stack trace');
});
