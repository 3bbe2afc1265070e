// A service that calls no other.
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

function(environment, deps) k.files(service({
  name: 'by-macro',
  environment: environment,
  image: environment.registry + '/tools/k8s/tests/services/by_macro',
  ports: { http: 8080 },
  servicePorts: { http: 80 },
  healthPort: 8080,
  autoscaling: { max: 3 },
  monitoring: { port: 'http' },
}))
