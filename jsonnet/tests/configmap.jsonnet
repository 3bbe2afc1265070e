// Files that are shared, and a service that starts anew when they change.
local configmap = import 'jsonnet/configmap.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local environment = { name: 'dev', namespace: 'dev' };
local shared = configmap({
  name: 'shared',
  partOf: 'shop',
  environment: environment,
  files: { 'names.txt': 'Ada\n' },
  binaryFiles: { 'dot.gif': [71, 73, 70, 56, 57, 97] },
});

shared {
  annotations: service({
    name: 'web',
    environment: environment,
    image: 'registry.example/web:1.0',
    ports: { grpc: 8080 },
    annotations: { 'shop.example/shared': shared.checksum },
  }).deployment.spec.template.metadata.annotations,
}
