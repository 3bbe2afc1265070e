// Tests of rules, by promtool.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import type { Promtool } from './promtool.ts';
import { checkRuleTest, readRuleTest, runRuleTests } from './rule_tests.ts';
import { readSources } from './sources.ts';

const promtool: Promtool = {
  program: process.env['PROMTOOL'] ?? runfile('prometheus/bin/promtool'),
  signal: AbortSignal.timeout(60_000),
};
const sources = readSources([
  {
    file: 'r.yaml',
    text: 'groups: [{ name: a, rules: [{ alert: Long, expr: queue > 9 }, { record: b, expr: queue }] }]',
  },
]);
const SERIES = 'interval: 1m, input_series: [{ series: queue, values: 10x10 }]';
const expecting = (alerts: string) =>
  `tests: [{ ${SERIES}, alert_rule_test: [{ alertname: Long, eval_time: 1m, exp_alerts: ${alerts} }] }]`;

describe('a test of rules', () => {
  for (const { name, text, says } of [
    { name: 'is good where it expects an alert', text: expecting('[{}]'), says: [] },
    { name: 'is good where it expects a sample', text: `tests: [{ promql_expr_test: [{ expr: b }] }]`, says: [] },
    { name: 'has tests', text: 'tests:', says: ['tests must be a list, got null'] },
    { name: 'has tests in its list', text: 'tests: []', says: ['tests is empty'] },
    { name: 'has tests that are some', text: 'tests: [nope]', says: ['tests[0] must be an object, got string'] },
    {
      name: 'expects something',
      text: `tests: [{ ${SERIES} }, { ${SERIES}, alert_rule_test: [] }]`,
      says: [0, 1].map(
        (at) => `tests[${at}] expects nothing: it has neither an alert_rule_test nor a promql_expr_test`,
      ),
    },
    {
      name: 'names alerts that there are, also where it expects none',
      text: expecting('[]').replace('Long', 'Lnog'),
      says: ['tests[0].alert_rule_test[0]: no rule has an alert Lnog, the nearest is Long'],
    },
    {
      name: 'takes no recorded series for an alert',
      text: expecting('[]').replace('Long', 'b'),
      says: ['tests[0].alert_rule_test[0]: no rule has an alert b, the nearest is Long'],
    },
  ]) {
    test(name, () =>
      assert.deepEqual(
        checkRuleTest(readRuleTest({ file: 't.yaml', text }), sources).map(({ code, text: said }) => `${code} ${said}`),
        says.map((said) => `RULES_TEST_INVALID t.yaml: ${said}`),
      ),
    );
  }
  for (const text of ['hello', '[]', '', 'tests: [', 'tests: []\n---\ntests: []'])
    test(`is one document of YAML: ${JSON.stringify(text)}`, () =>
      assert.throws(() => readRuleTest({ file: 't.yaml', text }), {
        code: 'MONITORING_UNREADABLE',
        message: /^Reading t\.yaml: /,
      }));
});

describe('what it is called is its own business', () => {
  for (const file of ['rules.yaml', 'a/rules.yaml', 'rules_test.yml', 'test-0']) {
    const run = async (alerts: string) =>
      runRuleTests(promtool, sources, [
        readRuleTest({ file, text: expecting(alerts) }),
        readRuleTest({ file, text: expecting(alerts) }),
      ]);
    test(file, async () => {
      await run('[{}]');
      await assert.rejects(run('[]'), { code: 'RULES_TEST_FAILED', message: /alertname: Long, time: 1m/ });
    });
  }
});
