// A store with one volume for each pod.
local statefulset = import 'jsonnet/statefulset.libsonnet';

statefulset({
  name: 'store',
  environment: { name: 'prod', namespace: 'prod', replicas: 2 },
  image: 'registry.example/store:1.0',
  ports: { peer: 7000, store: 6000 },
  servicePorts: { store: 6000 },
  storage: '2Gi',
  probes: { readinessProbe: { exec: { command: ['store-cli', 'ping'] } } },
})
