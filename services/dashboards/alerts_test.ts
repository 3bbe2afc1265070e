// Which dashboard an alert leads to, and what is left of budgets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertsOf, readBudgets } from './alerts.ts';
import { MAX_SERIES, type Prometheus, type RawSeries } from './prometheus.ts';

const dashboards = [
  { namespace: 'shop', name: 'web', title: 'Web', service: 'web', panels: 1, problems: [] },
  { namespace: 'shop', name: 'cluster', title: 'Clusters of shops', service: 'clusters', panels: 1, problems: [] },
  { namespace: 'monitoring', name: 'cluster', title: 'Cluster', service: 'cluster', panels: 1, problems: [] },
];

for (const { name, labels, dashboard, leadsTo } of [
  { name: 'the one that it names', labels: { namespace: 'shop' }, dashboard: 'web', leadsTo: 'shop/web' },
  { name: 'that of its service', labels: { namespace: 'shop', service: 'web' }, dashboard: '', leadsTo: 'shop/web' },
  {
    name: 'one of another namespace, by both names',
    labels: { namespace: 'shop', service: 'cluster', pod: 'web-0' },
    dashboard: 'monitoring/cluster',
    leadsTo: 'monitoring/cluster',
  },
  {
    name: 'one by both names where it has no namespace itself',
    labels: { service: 'cluster', node: 'node-1' },
    dashboard: 'monitoring/cluster',
    leadsTo: 'monitoring/cluster',
  },
  { name: 'none where there is none', labels: { namespace: 'bank' }, dashboard: 'web', leadsTo: undefined },
]) {
  test(`an alert leads to ${name}`, () => {
    const annotations = dashboard === '' ? {} : { dashboard };
    const alert = { state: 'firing', labels: { alertname: 'Slow', ...labels }, annotations };
    const rules = { groups: [{ rules: [{ name: 'Slow', alerts: [alert] }] }] };
    const [found] = alertsOf(rules, dashboards);
    const to = found?.dashboard;
    assert.equal(to === undefined ? undefined : `${to.namespace}/${to.name}`, leadsTo);
  });
}

/** One that has these series, and answers with the first of those that are asked for by name. */
function prometheusOf(series: readonly RawSeries[]): Pick<Prometheus, 'instant'> {
  return {
    instant: ({ expr }) => {
      const [, pattern = expr] = /^\{__name__=~"(.+)"\}$/.exec(expr) ?? [];
      const name = new RegExp(`^(?:${pattern})$`);
      const found = series.filter(({ metric }) => name.test(metric['__name__'] ?? ''));
      return Promise.resolve({ series: found.slice(0, MAX_SERIES) });
    },
  };
}

test('a budget is of the whole time, however many objectives there are', async () => {
  const ratios = { '5m': 0.5, '30m': 0.5, '1h': 0.5, '2h': 0.5, '6h': 0.5, '1d': 0.5, '3d': 0.5, '30d': 0.002 };
  const series = Array.from({ length: 100 }, (_, index) => {
    const labels = { namespace: 'shop', service: `web-${index}`, slo: 'availability' };
    const one = (name: string, value: number): RawSeries => ({
      metric: { __name__: name, ...labels },
      values: [[0, String(value)]],
    });
    return [
      one('slo:objective:ratio', 0.99),
      ...Object.entries(ratios).map(([window, value]) => one(`slo:error_ratio:rate${window}`, value)),
    ];
  }).flat();
  const budgets = await readBudgets(prometheusOf(series), AbortSignal.timeout(1000));
  assert.equal(budgets.length, 100);
  assert.deepEqual([...new Set(budgets.map(({ window, left }) => `${left.toFixed(2)} of ${window}`))], ['0.80 of 30d']);
});
