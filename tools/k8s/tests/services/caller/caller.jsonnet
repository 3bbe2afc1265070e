// A service that nobody calls.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

function(environment, deps, args, node) k.files(service({
  name: 'caller',
  environment: environment,
  image: environment.registry + '/tools/k8s/tests/services/caller',
  ports: { http: 8080 },
  healthPort: 8080,
  dependencies: deps,
  args: args,
  env: {
    NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
    RUNS_ON: node,
    BY_HAND: dependency.address(deps.by_hand, 'http'),
    OTHER: dependency.address(deps.other, 'http'),
  },
}))
