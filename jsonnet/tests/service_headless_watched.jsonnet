// A service that answers its callers and Prometheus on one port: of its two Services Prometheus goes by one.
local service = import 'jsonnet/service.libsonnet';

local page = service({
  name: 'page',
  environment: { name: 'prod', namespace: 'prod', replicas: 2, provides: ['prometheus-operator'] },
  image: 'registry.example/page:1.0',
  ports: { http: 8080 },
  servicePorts: { http: 8080 },
  headless: true,
  monitoring: { port: 'http' },
  probes: { readinessProbe: { httpGet: { path: '/', port: 'http' } } },
});

{ headless: page.headless, service: page.service, servicemonitor: page.servicemonitor }
