// A service that nobody calls.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

function(environment, deps) k.files(service({
  name: 'caller',
  environment: environment,
  image: environment.registry + '/tools/k8s/tests/services/caller',
  ports: { http: 8080 },
  healthPort: 8080,
  dependencies: deps,
  env: {
    BY_HAND: dependency.address(deps.by_hand, 'http'),
    OTHER: dependency.address(deps.other, 'http'),
  },
}))
