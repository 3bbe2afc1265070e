// A set whose callers and own pods are answered on the port that Prometheus asks as well.
local statefulset = import 'jsonnet/statefulset.libsonnet';

local queue = statefulset({
  name: 'queue',
  environment: { name: 'prod', namespace: 'prod', replicas: 3, provides: ['prometheus-operator'] },
  image: 'registry.example/queue:1.0',
  ports: { http: 9000, peer: 7000 },
  servicePorts: { http: 80 },
  monitoring: { port: 'http' },
  probes: {},
  storage: '1Gi',
});

{
  headless: queue.headless,
  networkpolicy: queue.networkpolicy,
  service: queue.service,
  servicemonitor: queue.servicemonitor,
}
