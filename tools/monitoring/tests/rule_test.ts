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
  const BOARD = `${SAMPLE}/broken.yaml: ConfigMap queue-dashboard: queue.json`;
  assert.deepEqual(errors, [
    `error: MONITORING_INVALID: ${BOARD}: rows[0].panels[0].widht is an unknown field, the nearest is width`,
    `error: METRIC_UNKNOWN: ${SAMPLE}/broken.yaml: queue: Long: column 17 of \`max by (queue) (queue_lenght) > 9\`: nobody exposes queue_lenght, the nearest is queue_length`,
    `error: PROMQL_SYNTAX: ${SAMPLE}/broken.yaml: queue: Longer: column 34 of \`max by (queue) (queue_length > 99\`: it ends too early`,
    `error: PROMQL_SYNTAX: ${SAMPLE}/broken.yaml: queue: queue:median: column 20 of \`histogram_quantile(rate(queue_wait_bucket[5m]), 0.5)\`: expected type scalar in call to function "histogram_quantile", got instant vector`,
    `error: PROMQL_SYNTAX: ${SAMPLE}/broken.yaml: queue: queue:quick: column 23 of \`sum(queue_wait_bucket{le=~"*"})\`: error parsing regexp: missing argument to repetition operator: \`*\``,
    `error: PROMQL_SYNTAX: ${BOARD}: panel 'Longest' of row 'Length': column 1 of \`topk(queue_length{namespace="$namespace"})\`: wrong number of arguments for aggregate expression provided, expected 2, got 1`,
    `error: PROMQL_SYNTAX: ${BOARD}: panel 'Growth' of row 'Length': column 1 of \`rate(queue_length[$__rate_interval]) and 1\`: set operator "and" not allowed in binary scalar expression`,
    `error: RUNBOOK_MISSING: ${SAMPLE}/broken.yaml: queue: Long: there is no docs/runbooks/queue.md`,
    `error: RULES_INVALID: ${SAMPLE}/broken.yaml: group "queue", rule 5, "Torn": annotation "summary": template: __alert_Torn:1: undefined variable "$label"`,
  ]);
  assert.match(text, /broken_test: 9 findings in 5 rules and 1 dashboards\n$/);
});

test('prometheus_rule_test fails for a test that would always pass, and for runbooks, also without metrics', async () => {
  const { code, text } = await run('idle_test');
  assert.equal(code, 1, text);
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('error: ')),
    [
      `error: RUNBOOK_MISSING: ${SAMPLE}/good.yaml: queue: Long: there is no ${SAMPLE}/runbook.md, only docs/runbooks/redis.md`,
      `error: RULES_TEST_INVALID: ${SAMPLE}/idle_test.yaml: tests[0].alert_rule_test[0]: no rule has an alert Lnog, the nearest is Long`,
    ],
  );
});

test('prometheus_rule_test fails where rules do something else than expected, with what promtool says', async () => {
  const { code, text } = await run('late_test');
  assert.equal(code, 1, text);
  assert.match(text, /^error: RULES_TEST_FAILED: Testing rules by .*late_test\.yaml: .*alertname: Long, time: 6m/s);
  assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(text), 'there is a stack trace');
});
