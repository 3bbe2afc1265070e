// The least: nobody calls it. What it asks for and the cluster has not is left out.
local service = import 'jsonnet/service.libsonnet';

service({
  name: 'worker',
  environment: { name: 'dev', namespace: 'dev', replicas: 1 },
  image: 'registry.example/worker:1.0',
  ports: { grpc: 8081, metrics: 9090 },
  preStopSleepSeconds: 0,
  tmp: false,
  autoscaling: { min: 2, max: 4 },
  monitoring: { port: 'metrics' },
})
