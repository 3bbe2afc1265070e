// A store of five pods that must agree, scraped by Prometheus. Two may be away.
local statefulset = import 'jsonnet/statefulset.libsonnet';

statefulset({
  name: 'store',
  environment: { name: 'prod', namespace: 'prod', replicas: 2, provides: ['prometheus-operator'] },
  replicas: 5,
  image: 'registry.example/store:1.0',
  ports: { metrics: 9090, peer: 7000, store: 6000 },
  servicePorts: { store: 6001 },
  storage: '2Gi',
  storageClassName: 'fast',
  dataFolder: '/var/lib/store',
  egress: [],
  files: { 'store.conf': 'peers 5\n' },
  monitoring: { port: 'metrics' },
  spread: 'required',
  probes: { readinessProbe: { exec: { command: ['store-cli', 'ping'] } } },
})
