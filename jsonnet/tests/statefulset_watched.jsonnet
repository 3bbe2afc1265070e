// A set whose metrics are no calls, and are not those of a process.
local statefulset = import 'jsonnet/statefulset.libsonnet';

statefulset({
  name: 'vault',
  environment: {
    name: 'prod',
    namespace: 'prod',
    replicas: 3,
    provides: ['grafana', 'grafana-operator', 'prometheus-operator'],
    // By it alerts and dashboards lead to a page, not to a path.
    runbooks: 'https://git.example.com/shop/blob/main/',
  },
  image: 'registry.example/shop/store:1.0',
  ports: { store: 6379, metrics: 9464 },
  probes: {},
  storage: '1Gi',
  monitoring: {
    port: 'metrics',
    process: 'none',
    alerts: {
      StoreFull: {
        expr: 'store_bytes{$self} / store_max_bytes{$self} > 0.9',
        summary: '{{ $labels.pod }} is full to {{ $value | humanizePercentage }}',
      },
    },
  },
})
