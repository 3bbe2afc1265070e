// A service with everything that a caller may say.
local service = import 'jsonnet/service.libsonnet';

service({
  name: 'web',
  partOf: 'shop',
  environment: { name: 'dev', namespace: 'dev', replicas: 2 },
  image: 'registry.example/shop/web:1.0',
  ports: { grpc: 8080, metrics: 9090 },
  servicePorts: { grpc: 80 },
  healthPort: 8080,
  env: { MODE: 'fast' },
  args: ['--verbose'],
  volumes: { '/etc/web': { configMap: { name: 'web' } } },
})
