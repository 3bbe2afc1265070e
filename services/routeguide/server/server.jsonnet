// The route guide's server, which answers from Redis.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50051;
local metricsPort = 9464;

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(service({
  name: 'routeguide-server',
  partOf: 'routeguide',
  environment: environment,
  image: environment.registry + '/services/routeguide/server',
  ports: { grpc: port, metrics: metricsPort },
  servicePorts: { grpc: port },
  headless: true,
  monitoring: { port: 'metrics' },
  dependencies: deps,
  env: {
    PORT: '%d' % port,
    METRICS_PORT: '%d' % metricsPort,
    REDIS_ADDRESS: dependency.address(deps.redis, 'redis'),
    DRAIN_TIMEOUT_MS: '15000',
  },
}))
