// A service that nobody calls has no Service.
local service = import 'jsonnet/service.libsonnet';

service({
  name: 'clerk',
  environment: { name: 'dev', namespace: 'dev', replicas: 1 },
  image: 'registry.example/worker:1.0',
  ports: { health: 8081 },
  healthPort: 8081,
})
