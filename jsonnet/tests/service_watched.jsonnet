// A service with all that may watch it: objectives, alerts, and a dashboard for each that shows some.
local service = import 'jsonnet/service.libsonnet';

service({
  name: 'shop',
  environment: { name: 'prod', namespace: 'prod', replicas: 2, provides: ['grafana', 'grafana-operator', 'prometheus-operator'] },
  image: 'registry.example/shop/web:1.0',
  ports: { grpc: 8080, metrics: 9464 },
  servicePorts: { grpc: 80 },
  monitoring: {
    port: 'metrics',
    interval: '1m',
    runbook: 'https://runbooks.example/shop',
    slos: {
      availability: { objective: 99.9 },
      latency: { objective: 99, seconds: 0.25 },
      checkout: { objective: 99.5, days: 28, seconds: 1, methods: ['Pay', 'Ship'] },
      stock: {
        objective: 99,
        errors: 'sum(rate(stock_lookups_total{$self,found="no"}[$window]))',
        total: 'sum(rate(stock_lookups_total{$self}[$window]))',
      },
    },
    alerts: {
      StockEmpty: {
        expr: 'stock_items{$self} == 0',
        'for': '10m',
        severity: 'critical',
        summary: 'Nothing is left of {{ $labels.item }}',
        description: 'Nobody can order it.',
        panel: 'Items',
      },
    },
    dashboard: {
      title: 'The shop',
      variables: [{ name: 'item', query: 'label_values(stock_items{$self}, item)', multi: true }],
      rows: [{
        title: 'Stock',
        panels: [
          {
            title: 'Items',
            description: 'What is left.',
            queries: [{ expr: 'sum by (item) (stock_items{$self,item=~"$item"})', legend: '{{item}}' }],
            thresholds: [{ value: 1000, severity: 'warning' }],
            stack: true,
            max: 2000,
          },
          { title: 'Rarest', kind: 'table', queries: [{ expr: 'bottomk(5, stock_items{$self})' }] },
          { title: 'Sorts', kind: 'stat', width: 12, queries: [{ expr: 'count(stock_items{$self})' }] },
        ],
      }],
    },
  },
})
