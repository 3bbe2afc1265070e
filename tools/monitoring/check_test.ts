import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkMonitoring } from './check.ts';
import { parseMetricsList } from './exposition.ts';
import type { SourceFile } from './objects.ts';
import { parseQuery } from './promql.ts';
import { readSources } from './sources.ts';

describe('queries', () => {
  for (const { query, problem } of [
    { query: 'sum(rate(x_total[5m])', problem: [21, 'it ends too early'] },
    { query: 'foo bar', problem: [4, "unexpected 'bar'"] },
    { query: '', problem: [0, 'it is empty'] },
    { query: 'x{a=b}', problem: [4, "unexpected 'b'"] },
  ] as const) {
    test(`says where it is wrong: ${query}`, () => {
      const [first] = parseQuery(query).problems;
      assert.deepEqual([first?.position, first?.text], problem);
    });
  }
});

const metrics = parseMetricsList(
  'up\ncalls_total{code,method}\nhandled_total{grpc_method=Get|Put}\ntook_bucket{le=0.1|1|+Inf}\ntook_count{code}\n',
  'metrics.txt',
);
const findingsOf = (manifest: unknown, runbooks: readonly SourceFile[] = []) =>
  checkMonitoring({ sources: readSources([{ file: 'web.yaml', text: JSON.stringify(manifest) }]), metrics, runbooks });
const rule = (...rules: readonly object[]) => ({
  kind: 'PrometheusRule',
  metadata: { name: 'web' },
  spec: { groups: [{ name: 'calls', rules }] },
});
const AT = 'web.yaml: PrometheusRule web: calls';

describe('rules', () => {
  for (const { name, rules, says } of [
    {
      name: 'a metric that nobody exposes',
      rules: [{ alert: 'Down', expr: 'sum(rate(call_total[5m]))' }],
      says: `METRIC_UNKNOWN ${AT}: Down: column 10 of \`sum(rate(call_total[5m]))\`: nobody exposes call_total, the nearest is calls_total`,
    },
    {
      name: 'a label that a metric has not',
      rules: [{ record: 'a:b', expr: 'sum(calls_total{kode="OK"})' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 17 of \`sum(calls_total{kode="OK"})\`: calls_total has no label kode, it has code, method`,
    },
    {
      name: 'a bound that a histogram has not',
      rules: [{ record: 'a:b', expr: 'sum(took_bucket{le="0.3"})' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 17 of \`sum(took_bucket{le="0.3"})\`: no le of took_bucket is 0.3, they are 0.1, 1, +Inf`,
    },
    {
      name: 'a method that a service has not',
      rules: [{ record: 'a:b', expr: 'sum(handled_total{grpc_method="Got"})' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 19 of \`sum(handled_total{grpc_method="Got"})\`: no grpc_method of handled_total is Got, they are Get, Put`,
    },
    {
      name: 'a method that a service has not, beside one that it has',
      rules: [{ record: 'a:b', expr: 'sum(handled_total{grpc_method=~"Get|Got"})' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 19 of \`sum(handled_total{grpc_method=~"Get|Got"})\`: no grpc_method of handled_total is Got, they are Get, Put`,
    },
    {
      name: 'a label by which nothing can be grouped',
      rules: [{ record: 'a:b', expr: 'sum by (metod) (calls_total)' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 9 of \`sum by (metod) (calls_total)\`: nothing in it has a label metod`,
    },
    {
      name: 'a name that nothing has, by a regular expression',
      rules: [{ record: 'a:b', expr: 'sum({__name__=~"call_.*"})' }],
      says: `METRIC_UNKNOWN ${AT}: a:b: column 5 of \`sum({__name__=~"call_.*"})\`: nobody exposes a metric that {__name__=~"call_.*"} chooses`,
    },
    {
      name: 'a label that no metric of a regular expression has',
      rules: [{ record: 'a:b', expr: '{__name__=~"calls_total|took_.*",kode="OK"}' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 34 of \`{__name__=~"calls_total|took_.*",kode="OK"}\`: calls_total, took_bucket, took_count have no label kode, they have code, method, le`,
    },
    {
      name: 'names that only Prometheus can tell',
      rules: [{ record: 'a:b', expr: '{__name__=~"\\\\pL+"}' }],
      says: `METRIC_UNKNOWN ${AT}: a:b: column 2 of \`{__name__=~"\\\\pL+"}\`: what __name__=~"\\\\pL+" chooses can't be told: write a plainer regular expression`,
    },
    {
      name: 'a metric in quotes that nobody exposes',
      rules: [{ record: 'a:b', expr: '{"call_total","code"="OK"}' }],
      says: `METRIC_UNKNOWN ${AT}: a:b: column 1 of \`{"call_total","code"="OK"}\`: nobody exposes call_total, the nearest is calls_total`,
    },
    {
      name: 'a label in quotes that a metric has not',
      rules: [{ record: 'a:b', expr: '{"calls_total","kode"="OK"}' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 16 of \`{"calls_total","kode"="OK"}\`: calls_total has no label kode, it has code, method`,
    },
    {
      name: 'a label in quotes by which nothing can be grouped',
      rules: [{ record: 'a:b', expr: 'sum by ("me.thod") (calls_total)' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: a:b: column 9 of \`sum by ("me.thod") (calls_total)\`: nothing in it has a label me.thod`,
    },
    {
      name: 'a label of any metric that none has',
      rules: [{ alert: 'Down', expr: 'count({kode="OK"})' }],
      says: `METRIC_LABEL_UNKNOWN ${AT}: Down: column 8 of \`count({kode="OK"})\`: 5 metrics from up to took_count have no label kode, they have code, method, grpc_method, le`,
    },
    {
      name: 'a query that does not parse',
      rules: [{ alert: 'Down', expr: 'up == ' }],
      says: `PROMQL_SYNTAX ${AT}: Down: column 7 of \`up == \`: it ends too early`,
    },
    {
      name: 'a runbook that is not there',
      rules: [{ alert: 'Down', expr: 'up == 0', annotations: { runbook_url: 'docs/runbooks/web.md' } }],
      says: `RUNBOOK_MISSING ${AT}: Down: there is no docs/runbooks/web.md`,
    },
  ]) {
    test(`names ${name}`, () => {
      const findings = findingsOf(rule(...rules));
      assert.deepEqual(
        findings.map(({ code, text }) => `${code} ${text}`),
        [says],
      );
    });
  }
  test('have a part of their own in a runbook', () =>
    assert.deepEqual(
      findingsOf(rule({ alert: 'Up', expr: 'up == 1', annotations: { runbook_url: 'docs/runbooks/web.md#up' } }), [
        { file: 'docs/runbooks/web.md', text: '# Web\n\n## Down\n' },
      ]).map(({ code, text }) => `${code} ${text}`),
      [`RUNBOOK_MISSING ${AT}: Up: docs/runbooks/web.md has no heading '## Up'`],
    ));
  test('have it also where the runbook is named by its address', () => {
    const base = 'https://git.example.com/shop/blob/main/';
    const alert = { alert: 'Up', expr: 'up == 1', annotations: { runbook_url: `${base}docs/runbooks/web.md#up` } };
    const files = [{ file: 'web.yaml', text: JSON.stringify(rule(alert)) }];
    const findings = (bases: readonly string[], text: string) => {
      const runbooks = [{ file: 'docs/runbooks/web.md', text }];
      return checkMonitoring({ sources: readSources(files, bases), runbooks }).map((finding) => finding.text);
    };
    assert.deepEqual(findings([base], '## Up\n'), []);
    assert.deepEqual(findings([base], '## Down\n'), [`${AT}: Up: docs/runbooks/web.md has no heading '## Up'`]);
    assert.deepEqual(findings(['https://other.example.com/'], '## Down\n'), []);
  });
  test('may use what they record, labels of targets, and whole bounds', () =>
    assert.deepEqual(
      findingsOf(
        rule(
          { record: 'calls:rate', expr: 'sum(rate(calls_total{job="web"}[5m]))', labels: { slo: 'a' } },
          { record: 'calls:ratio', expr: 'calls:rate{slo="a"} / sum(took_bucket{le=~"1([.]0)?"})' },
          {
            record: 'calls:all',
            expr: '{__name__=~"(?i)CALLS_(?P<what>total)",method!~"Get"} or {__name__!="up",code="OK"}',
          },
          {
            alert: 'Down',
            expr: 'sum by (pod, code) (calls_total) == 0',
            annotations: { runbook_url: 'docs/runbooks/web.md' },
          },
        ),
        [{ file: 'docs/runbooks/web.md', text: '# Web\n\n## Down\n' }],
      ),
      [],
    ));
});

test('what Prometheus refuses is told of at its place, and what is not looked at is not', () => {
  const sources = readSources([
    {
      file: 'r.yaml',
      text: 'groups: [{ name: a, rules: [{ record: b, expr: clamp_max(nobody) }, { record: c, expr: d }] }]',
    },
  ]);
  const problem = 'expected 2 argument(s)';
  const refused = new Map([['clamp_max(nobody)', { position: 0, text: problem }]]);
  assert.deepEqual(checkMonitoring({ sources, refused }), [
    { code: 'PROMQL_SYNTAX', text: `r.yaml: a: b: column 1 of \`clamp_max(nobody)\`: ${problem}`, problem },
  ]);
});

describe('dashboards', () => {
  const panel = (title: string, expr: string) => ({ title, kind: 'stat', queries: [{ expr }] });
  const board = (panels: readonly object[], variables: readonly object[] = []) => ({
    kind: 'ConfigMap',
    metadata: { name: 'web-dashboard', labels: { 'fathom.internal/dashboard': 'true' } },
    data: {
      'web.json': JSON.stringify({
        name: 'web',
        title: 'Web',
        service: 'web',
        variables,
        rows: [{ title: 'Calls', panels }],
      }),
    },
  });
  const WHERE = 'web.yaml: ConfigMap web-dashboard: web.json';
  test('are checked like rules, by the name of the panel', () =>
    assert.deepEqual(
      findingsOf(
        board(
          [
            panel('Requests', 'rate(calls_total{namespace="$namespace"}[$__rate_interval])'),
            panel('Errors', 'rate(errors_total[5m])'),
          ],
          [{ name: 'method', query: 'label_values(call, method)' }],
        ),
      ).map(({ code, text }) => `${code} ${text}`),
      [
        `METRIC_UNKNOWN ${WHERE}: variable method: column 1 of \`call\`: nobody exposes call, the nearest is up`,
        `METRIC_UNKNOWN ${WHERE}: panel 'Errors' of row 'Calls': column 6 of \`rate(errors_total[5m])\`: nobody exposes errors_total, the nearest is calls_total`,
      ],
    ));
  test('have no two panels of one name', () =>
    assert.deepEqual(
      findingsOf(board([panel('Requests', 'up'), panel('Requests', 'up')])).map(({ code, text }) => `${code} ${text}`),
      [`MONITORING_INVALID ${WHERE}: rows[0].panels[1] is a second panel named 'Requests': give it another title`],
    ));
  test('have no fields that nobody reads', () =>
    assert.deepEqual(
      findingsOf(board([{ ...panel('Requests', 'up'), widht: 12 }])).map(({ code, text }) => `${code} ${text}`),
      [`MONITORING_INVALID ${WHERE}: rows[0].panels[0].widht is an unknown field, the nearest is width`],
    ));
  test('may choose metrics by a variable', () =>
    assert.deepEqual(
      findingsOf(
        board(
          [panel('Requests', '{__name__=~"$metric", code="OK"} or {__name__=~"up|${metric}_total"}')],
          [{ name: 'metric', query: 'label_values(up, job)', multi: true }],
        ),
      ),
      [],
    ));
  test('name no variable that they do not have', () =>
    assert.deepEqual(
      findingsOf(board([panel('Requests', 'up{pod=~"$pod"}')])).map(({ code, text }) => `${code} ${text}`),
      [
        `MONITORING_INVALID ${WHERE}: rows[0].panels[0].queries[0].expr has $pod, and there is no such variable`,
        `MONITORING_INVALID ${WHERE}: rows[0].panels[0].queries must have one that can be asked`,
      ],
    ));
});
