// The route guide's server, which answers from Redis.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50051;

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(service({
  name: 'routeguide-server',
  partOf: 'routeguide',
  environment: environment,
  image: environment.registry + '/services/routeguide/server',
  ports: { grpc: port },
  servicePorts: { grpc: port },
  dependencies: deps,
  env: {
    PORT: '%d' % port,
    REDIS_ADDRESS: dependency.address(deps.redis, 'redis'),
    DRAIN_TIMEOUT_MS: '15000',
  },
}))
