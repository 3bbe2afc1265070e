// A store of five pods that must agree, scraped by Prometheus, with a guard beside each. Two may be away.
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
  sidecars: {
    guard: {
      image: 'registry.example/guard:1.0',
      args: ['--of', 'store'],
      env: { NAME: { fieldRef: { fieldPath: 'metadata.name' } } },
      ports: ['metrics'],
      folders: ['/etc/store', '/var/lib/store'],
      probes: { livenessProbe: { httpGet: { path: '/', port: 'metrics' } } },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '32Mi' } },
    },
  },
  preStop: { httpGet: { path: '/end', port: 9090 } },
  probes: { readinessProbe: { exec: { command: ['store-cli', 'ping'] } } },
})
