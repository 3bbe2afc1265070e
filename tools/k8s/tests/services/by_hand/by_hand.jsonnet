// A service in the middle: it calls one and is called by another.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

function(environment, deps) k.files(service({
  name: 'by-hand',
  environment: environment,
  image: environment.registry + '/tools/k8s/tests/services/by_hand',
  ports: { http: 8080 },
  servicePorts: { http: 80 },
  healthPort: 8080,
  dependencies: deps,
  env: { CALLED: dependency.address(deps.by_macro, 'http') },
}))
