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
    instant: ({ expr, maxSeries = MAX_SERIES }) => {
      const [, pattern = expr] = /^\{__name__=~"(.+)"\}$/.exec(expr) ?? [];
      const name = new RegExp(`^(?:${pattern})$`);
      const found = series.filter(({ metric }) => name.test(metric['__name__'] ?? ''));
      if (found.length <= maxSeries) return Promise.resolve({ series: found });
      return Promise.resolve({ series: found.slice(0, maxSeries), limited: 'There are more' });
    },
  };
}

/** The series of an objective of 99%, with the share that is bad by window. */
function objective(index: number, ratios: Readonly<Record<string, number>>): readonly RawSeries[] {
  const labels = { namespace: 'shop', service: `web-${index}`, slo: 'availability' };
  const one = (name: string, value: number): RawSeries => ({
    metric: { __name__: name, ...labels },
    values: [[0, String(value)]],
  });
  return [
    one('slo:objective:ratio', 0.99),
    ...Object.entries(ratios).map(([window, value]) => one(`slo:error_ratio:rate${window}`, value)),
  ];
}

/** So many, of which the last has the least left. */
const objectives = (length: number) =>
  Array.from({ length }, (_, index) => objective(index, { '30d': index / length / 100 })).flat();

const budgetsOf = (series: readonly RawSeries[]) =>
  readBudgets(prometheusOf(series), { signal: AbortSignal.timeout(10_000) });

test('a budget is of the whole time, however many objectives there are', async () => {
  const ratios = { '5m': 0.5, '30m': 0.5, '1h': 0.5, '2h': 0.5, '6h': 0.5, '1d': 0.5, '3d': 0.5, '30d': 0.002 };
  const { budgets } = await budgetsOf(Array.from({ length: 100 }, (_, index) => objective(index, ratios)).flat());
  assert.equal(budgets.length, 100);
  assert.deepEqual([...new Set(budgets.map(({ window, left }) => `${left.toFixed(2)} of ${window}`))], ['0.80 of 30d']);
});

for (const { count, shown, limited } of [
  { count: 1000, shown: 1000, limited: undefined },
  {
    count: 1001,
    shown: 1000,
    limited: 'There are 1,001 error budgets, of which the 1,000 with the least left are shown',
  },
  {
    count: 10_001,
    shown: 1000,
    limited:
      'There are more than 10,000 objectives, of which 1,000 error budgets are shown: of the others nothing is known',
  },
]) {
  test(`of ${count} budgets ${shown} are told of, the emptiest first`, async () => {
    const { budgets, ...more } = await budgetsOf(objectives(count));
    assert.equal(budgets.length, shown);
    assert.equal(budgets[0]?.service, `web-${Math.min(count, 10_000) - 1}`);
    assert.equal(more.limited, limited);
  });
}
