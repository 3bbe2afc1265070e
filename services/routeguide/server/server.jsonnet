// The route guide's server, which answers from Redis.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50051;
local secretsFolder = '/run/secrets/redis';
local metricsPort = 9464;

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(service({
  name: 'routeguide-server',
  partOf: 'routeguide',
  environment: environment,
  // One goes on while the other is replaced, whatever the environment is.
  replicas: std.max(2, environment.replicas),
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
    // The user of its own that //services/redis declares, and its password.
    REDIS_USERNAME: 'routeguide',
    REDIS_PASSWORD_FILE: secretsFolder + '/password',
    NOTES_WAIT_REPLICAS: '%d' % std.get(std.get(environment.parameters, 'routeguide', {}), 'waitReplicas', 0),
    DRAIN_TIMEOUT_MS: '15000',
  },
  volumes: { [secretsFolder]: { secret: { secretName: 'redis-routeguide', defaultMode: 288 } } },
}))
