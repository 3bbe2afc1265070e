// What is summed up, of a real Prometheus and a real API server with the operator's kinds.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { createPrometheus, MAX_SERIES, type Prometheus } from '../../services/dashboards/prometheus.ts';
import { startPrometheus, type TestPrometheus } from '../../services/dashboards/testing/prometheus.ts';
import { eventually as until } from '../../services/dashboards/testing/running.ts';
import { configMap, SAMPLE, SHOP_RULES, shopMetrics } from '../../services/dashboards/testing/samples.ts';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../tools/k8s/testing/calls.ts';
import type { KubeObject } from '../../tools/k8s/model/object.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { eventually } from '../../tools/lib/testing/eventually.ts';
import { reportOf } from './report.ts';
import { ruleFileOf } from './rules.ts';
import { isBad, readStatus } from './status.ts';

const CRDS = 'prometheus_operator_crds/example/prometheus-operator-crd/monitoring.coreos.com_';
const GOOD = { ...SAMPLE, name: 'good', rows: [SAMPLE.rows[0]] };
let cluster: ApiServer;
let server: TestPrometheus;
let prometheus: Prometheus;
let page: Prometheus;
const { makeNamespace, post, remove } = callsTo(() => cluster);

const ask = () => readStatus(cluster.client, { prometheus, page, signal: AbortSignal.timeout(30_000) });

before(async () => {
  const rules = {
    groups: [
      ...SHOP_RULES.groups,
      // Two series of one name and labels on the left: it parses, and fails each time.
      { name: 'broken', rules: [{ record: 'broken', expr: 'shop_latency_seconds * on (service) shop_memory_bytes' }] },
    ],
  };
  const metrics = () => shopMetrics(Date.now(), 1000);
  cluster = await startApiServer();
  await makeNamespace('shop');
  for (const plural of ['servicemonitors', 'podmonitors', 'prometheusrules']) {
    const text = await readFile(runfile(`${CRDS}${plural}.yaml`), 'utf8');
    await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', parse(text));
  }
  const loaded = await make('prometheusrules', 'PrometheusRule', 'web', rules);
  const job = 'serviceMonitor/shop/web/0';
  server = await startPrometheus({ rules, rulesFile: ruleFileOf(loaded), metrics, job, isOneDown: true });
  const limits = { url: server.url, timeoutMs: 10_000, maxConcurrency: 4, maxAnswerBytes: 1 << 24 };
  prometheus = createPrometheus({ ...limits, maxSeries: 1000 });
  page = createPrometheus({ ...limits, maxSeries: MAX_SERIES });
  for (const name of ['web', 'web-old']) {
    const spec = { selector: { matchLabels: { app: name } }, endpoints: [{ port: 'metrics' }] };
    await make('servicemonitors', 'ServiceMonitor', name, spec);
  }
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', GOOD));
});
after(async () => {
  await server.stop();
  await cluster.stop();
});

/** Makes an object of the operator's in the namespace shop. */
async function make(plural: string, kind: string, name: string, spec: object): Promise<KubeObject> {
  const object = { apiVersion: 'monitoring.coreos.com/v1', kind, metadata: { name, namespace: 'shop' }, spec };
  const path = `/apis/monitoring.coreos.com/v1/namespaces/shop/${plural}`;
  // A definition is served a little after it is there.
  return eventually(`${plural} are served`, () => post(path, object));
}

test('sums up what is up, what is down, what is selected by nothing, and what fails', async () => {
  const status = await until(
    ask,
    ({ alerts, budgets, failedRules, targetsDown }) =>
      alerts.length > 0 &&
      budgets.length > 1 &&
      failedRules.length > 0 &&
      targetsDown.some(({ why }) => why.includes('refused')),
  );
  assert.equal(isBad(status), true);
  const report = reportOf(status);
  assert.match(report, /^targets: 1 up, 1 down\n  serviceMonitor\/shop\/web\/0: http:.*: .*connection refused$/m);
  assert.match(report, /^monitors that select nothing: 1\n  ServiceMonitor shop\/web-old$/m);
  assert.match(report, /^alerts firing: 1\n  critical ShopSlow: shop\/web: The shop answers slowly$/m);
  assert.match(report, /^error budgets: 2\n  shop\/web availability: 60% left of 30d \(aim 99\.9%\)$/m);
  assert.match(report, /^  shop\/web latency: 80% left of 30d \(aim 99%\)$/m);
  assert.match(report, /^rules: 6 good, 1 failing\n  broken: broken: .*many-to-many/m);
  assert.match(report, /^rules that Prometheus does not have: 0$/m);
  assert.match(report, /^dashboards: 1, 0 with faults$/m);
  assert.match(report, /^panels that fail, or have too many series: 0$/m);
});

test('says where there are more error budgets than the page shows', async () => {
  const options = { prometheus, page, maxBudgets: 1, signal: AbortSignal.timeout(30_000) };
  assert.match(
    reportOf(await readStatus(cluster.client, options)),
    /^error budgets: 1\n  There are 2 error budgets, of which the 1 with the least left are shown\n  shop\/web availability: /m,
  );
});

test('names rules that the operator has left out, once they are old enough', async () => {
  const refused = { groups: [{ name: 'refused', rules: [{ record: 'refused', expr: 'up up(' }] }] };
  await make('prometheusrules', 'PrometheusRule', 'refused', refused);
  // There is nothing of it to be loaded.
  await make('prometheusrules', 'PrometheusRule', 'empty', { groups: [{ name: 'empty', rules: [] }] });
  assert.match(reportOf(await ask()), /^rules that Prometheus does not have: 0$/m);
  const later = { prometheus, page, youngMs: 0, signal: AbortSignal.timeout(30_000) };
  const report = reportOf(await readStatus(cluster.client, later));
  assert.match(report, /^rules that Prometheus does not have: 1\n  PrometheusRule shop\/refused\ndashboards: /m);
});

test('names dashboards that have faults', async () => {
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', SAMPLE));
  const report = reportOf(await ask());
  assert.match(
    report,
    /^dashboards: 2, 1 with faults\n  shop\/web: rows\[1\]\.panels\[0\] is a second panel named 'Requests'/m,
  );
});

test('names panels that fail, and those that have more series than anybody can see', async () => {
  // On a busy machine a look at the targets may come too late, and there is nothing of them until the next one.
  const { panelFaults } = await until(ask, (status) => status.panelFaults.length > 1);
  assert.deepEqual(
    panelFaults.map(({ what, problems: [problem] }) => [what, problem?.replace(/^.*parse error: /, '')]),
    [
      ["shop/web: panel 'No such function'", 'unknown function with name "nonsense"'],
      [
        "shop/web: panel 'Too many'",
        'The query has 1,000 series, of which 200 are shown: narrow it down by labels, or aggregate it',
      ],
    ],
  );
});

test('asks with the first value of a variable that is always one, and names panels that lack one', async () => {
  const variables = [
    { name: 'pod', query: 'label_values(shop_latency_seconds{namespace="$namespace"}, pod)' },
    { name: 'refund', query: 'label_values(shop_no_such_metric, refund)' },
  ];
  const panels = ['pod', 'refund'].map((name) => {
    const expr = `shop_latency_seconds{${name}="$${name}"}`;
    return { title: `By ${name}`, kind: 'stat', queries: [{ expr }] };
  });
  const dashboard = {
    name: 'single',
    title: 'One by one',
    service: 'web',
    variables,
    rows: [{ title: 'Pods', panels }],
  };
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', dashboard));
  try {
    const { panelFaults } = await ask();
    assert.deepEqual(
      panelFaults.filter(({ what }) => what.startsWith('shop/single')),
      [{ what: "shop/single: panel 'By refund'", problems: ['There is no value of $refund to ask for'] }],
    );
  } finally {
    await remove('/api/v1/namespaces/shop/configmaps/single-dashboard');
  }
});

test('says where Prometheus does not answer', async () => {
  const options = { timeoutMs: 2000, maxConcurrency: 1, maxAnswerBytes: 1000, maxSeries: 10 };
  const away = createPrometheus({ ...options, url: new URL('http://127.0.0.1:9') });
  await assert.rejects(
    readStatus(cluster.client, { prometheus: away, page: away, signal: AbortSignal.timeout(10_000) }),
    {
      code: 'STATUS_PROMETHEUS',
      hint: /\/\/prod:monitoring\.status/,
    },
  );
});

test('says where all of it takes too long', async () => {
  const signal = AbortSignal.abort(Object.assign(new Error('late'), { name: 'TimeoutError' }));
  await assert.rejects(readStatus(cluster.client, { prometheus, page, signal }), {
    code: 'STATUS_PROMETHEUS',
    message: /Prometheus did not answer in time/,
  });
});

test('is no reason to look where all is well', () => {
  const well = { targetsUp: 3, targetsNew: 0, rules: 5, dashboards: 1 };
  const rules = { failedRules: [], unloadedRules: [] };
  const faults = { targetsDown: [], emptyMonitors: [], ...rules, dashboardFaults: [], panelFaults: [] };
  const lists = { ...faults, alerts: [], budgets: [] };
  assert.equal(isBad({ ...well, ...lists }), false);
  for (const list of Object.keys(faults)) {
    const bad = { ...well, ...lists, [list]: [{ what: 'a', problems: ['b'] }] };
    assert.equal(isBad(bad), true, list);
  }
  assert.match(
    reportOf({ ...well, ...lists }),
    /^targets: 3 up, 0 down\nmonitors that select nothing: 0\nalerts firing: 0\n/,
  );
  const young = { ...well, ...lists, targetsNew: 2 };
  assert.equal(isBad(young), false);
  assert.match(reportOf(young), /^targets: 3 up, 0 down, 2 not asked yet\n/);
});
