local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

// environment: the entry of ENVS with its name; deps: the rendered Services of what it calls.
function(environment, deps) k.files(service({
  name: 'web',
  environment: environment,
  image: environment.registry + '/services/web',
  ports: { grpc: 8080 },
  servicePorts: { grpc: 80 },
  dependencies: deps,
  env: { REDIS_ADDRESS: dependency.address(dependency.of(deps, 'redis'), 'redis') },
}))
