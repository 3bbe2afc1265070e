// Dashboards and metrics that tests make up: a shop's web service.
/** A dashboard with a panel of each kind, two of one name, one that fails, two without data, and one with far too many series. */
export const SAMPLE = {
  name: 'web',
  title: 'Web shop',
  service: 'web',
  runbook: 'https://example.com/runbooks/web',
  variables: [
    { name: 'pod', label: 'Pod', query: 'label_values(shop_requests_total{namespace="$namespace"}, pod)', multi: true },
  ],
  rows: [
    {
      title: 'Calls',
      panels: [
        {
          title: 'Requests',
          description: 'Calls a second, by what became of them',
          kind: 'timeseries',
          unit: 'requests_per_second',
          queries: [
            {
              expr: 'sum by (code) (rate(shop_requests_total{namespace="$namespace", pod=~"$pod"}[$__rate_interval]))',
              legend: '{{code}}',
            },
          ],
          width: 6,
          stack: true,
        },
        {
          title: 'Latency',
          kind: 'timeseries',
          unit: 'seconds',
          queries: [{ expr: 'shop_latency_seconds{pod=~"$pod"}', legend: '{{pod}}' }],
          thresholds: [
            { value: 0.25, severity: 'warning' },
            { value: 0.4, severity: 'critical' },
          ],
          min: 0,
          width: 6,
        },
        {
          title: 'Errors',
          kind: 'stat',
          unit: 'ratio',
          queries: [
            {
              expr: 'sum(rate(shop_requests_total{code="500"}[$__rate_interval])) / sum(rate(shop_requests_total[$__rate_interval]))',
            },
          ],
          thresholds: [{ value: 0.01, severity: 'warning' }],
          width: 3,
        },
        {
          title: 'Memory',
          kind: 'stat',
          unit: 'bytes',
          queries: [{ expr: 'sum(shop_memory_bytes)' }],
          width: 3,
        },
        {
          title: 'Pods',
          kind: 'table',
          unit: 'bytes',
          queries: [{ expr: 'shop_memory_bytes', legend: '{{pod}}' }],
          width: 6,
        },
      ],
    },
    {
      title: 'Trouble',
      panels: [
        { title: 'Requests', kind: 'stat', unit: 'count', queries: [{ expr: 'up' }] },
        {
          title: 'No such function',
          kind: 'timeseries',
          unit: 'count',
          queries: [{ expr: 'nonsense(shop_memory_bytes)' }],
          width: 3,
        },
        {
          title: 'Nothing there',
          kind: 'timeseries',
          unit: 'count',
          queries: [{ expr: 'shop_no_such_metric' }],
          width: 3,
        },
        {
          title: 'Quantile of nothing',
          kind: 'timeseries',
          unit: 'seconds',
          queries: [
            { expr: 'histogram_quantile(0.99, sum by (le) (rate(shop_refund_seconds_bucket[$__rate_interval])))' },
          ],
          width: 3,
        },
        {
          title: 'Too many',
          kind: 'timeseries',
          unit: 'count',
          queries: [{ expr: 'shop_many', legend: '{{id}}' }],
          width: 3,
        },
      ],
    },
  ],
} as const;

/** What a dashboard is without the fields that have defaults. */
export type SampleDashboard = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A ConfigMap with a dashboard. */
export function configMap(namespace: string, dashboard: SampleDashboard, name = `${dashboard.name}-dashboard`) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { 'fathom.internal/dashboard': 'true' } },
    data: { [`${dashboard.name}.json`]: JSON.stringify(dashboard) },
  };
}

const PODS = ['web-0', 'web-1', 'web-2'];

/** Metrics of the shop at a time: they go up and down within minutes. */
export function shopMetrics(nowMs: number, many = 0): string {
  return lines(nowMs / 1000)
    .map(([name, labels, value]) => `${name}{${labels}} ${value}`)
    .concat(Array.from({ length: many }, (_, id) => `shop_many{id="${id}"} ${id}`))
    .concat('')
    .join('\n');
}

/** What Prometheus adds to what it finds. */
const SCRAPED = 'instance="test",job="test"';

/** The same for every `stepSeconds` of some time, in OpenMetrics' format. */
export function shopHistory(from: number, to: number, stepSeconds: number, many = 0): string {
  const byName = new Map<string, string[]>();
  for (let time = from; time <= to; time += stepSeconds) {
    for (const [name, labels, value] of lines(time)) {
      const list = byName.get(name) ?? [];
      byName.set(name, list);
      list.push(`${name}{${labels},${SCRAPED}} ${value} ${time}`);
    }
  }
  const labels = `namespace="shop",service="web",${SCRAPED}`;
  const few = Array.from({ length: many }, (_, id) =>
    [60, 45, 30, 15].map((past) => `shop_many{id="${id}",${labels}} ${id} ${to - past}`),
  );
  if (many > 0) byName.set('shop_many', few.flat());
  const text = [...byName].flatMap(([name, list]) => [
    `# TYPE ${name.replace(/_total$/, '')} ${name.endsWith('_total') ? 'counter' : 'gauge'}`,
    ...list,
  ]);
  return [...text, '# EOF', ''].join('\n');
}

function lines(time: number): readonly (readonly [string, string, number])[] {
  return PODS.flatMap((pod, index) => {
    const wave = Math.sin(time / 600 + index) + Math.sin(time / 97 + 2 * index) / 3;
    const labels = `namespace="shop",service="web",pod="${pod}"`;
    // The integral of a wave, so that the rate is one.
    const total = time * 40 - Math.cos(time / 900 + index) * 900 * 15;
    return [
      ['shop_requests_total', `${labels},code="200"`, Math.round(total % 1e9)],
      ['shop_requests_total', `${labels},code="404"`, Math.round((total / 12) % 1e9)],
      ['shop_requests_total', `${labels},code="500"`, Math.round((total / 300) % 1e9)],
      ['shop_latency_seconds', labels, 0.2 + wave / 12 + index / 50],
      ['shop_memory_bytes', labels, Math.round(9e7 + 2e7 * wave + index * 3e6)],
      // Nobody has ever asked for one.
      ['shop_refund_seconds_bucket', `${labels},le="1"`, 0],
      ['shop_refund_seconds_bucket', `${labels},le="+Inf"`, 0],
    ] as const;
  });
}

/** An alert that fires, and two objectives with the errors that count against them. */
export const SHOP_RULES = {
  groups: [
    {
      name: 'shop',
      rules: [
        {
          alert: 'ShopSlow',
          expr: 'sum by (namespace, service) (shop_memory_bytes) > 0',
          labels: { severity: 'critical' },
          annotations: {
            summary: 'The shop answers slowly',
            description: 'More than a tenth of all calls take longer than 400 ms.',
            runbook_url: 'https://example.com/runbooks/web#slow',
            panel: 'Latency',
          },
        },
        {
          record: 'slo:objective:ratio',
          expr: 'vector(0.999)',
          labels: { namespace: 'shop', service: 'web', slo: 'availability' },
        },
        {
          record: 'slo:error_ratio:rate5m',
          expr: 'vector(0.5)',
          labels: { namespace: 'shop', service: 'web', slo: 'availability' },
        },
        {
          record: 'slo:error_ratio:rate30d',
          expr: 'vector(0.0004)',
          labels: { namespace: 'shop', service: 'web', slo: 'availability' },
        },
        {
          record: 'slo:objective:ratio',
          expr: 'vector(0.99)',
          labels: { namespace: 'shop', service: 'web', slo: 'latency' },
        },
        {
          record: 'slo:error_ratio:rate30d',
          expr: 'vector(0.002)',
          labels: { namespace: 'shop', service: 'web', slo: 'latency' },
        },
      ],
    },
  ],
} as const;
