// The route guide's server, which answers from Redis.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50051;
local secretsFolder = '/run/secrets/redis';
local metricsPort = 9464;

local parameter(environment, name, default) = std.get(std.get(environment.parameters, 'routeguide', {}), name, default);

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
// Of environment.parameters.routeguide: waitReplicas, and for who can't wait for alerts scrapeInterval and alertWindow.
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
  monitoring: {
    port: 'metrics',
    interval: parameter(environment, 'scrapeInterval', null),
    slos: {
      availability: { objective: 99.9, window: parameter(environment, 'alertWindow', '1h') },
      latency: { objective: 99, seconds: 0.25 },
      // What the others are made of.
      'get-feature': { objective: 99, seconds: 0.1, methods: ['GetFeature'] },
    },
    dashboard: {
      title: 'Route guide server',
      rows: [{
        title: 'Limits',
        panels: [
          {
            title: 'Refused calls',
            description: 'Calls that found too many others running.',
            unit: 'requests_per_second',
            queries: [{ expr: 'sum by (pod) (rate(grpc_server_shed_total{$self}[$__rate_interval]))', legend: '{{pod}}' }],
            thresholds: [{ value: 1, severity: 'warning' }],
            min: 0,
          },
          {
            title: 'Calls at a time',
            description: 'How many unary calls each pod takes at a time.',
            queries: [{ expr: 'sum by (pod) (grpc_server_concurrency_limit{$self})', legend: '{{pod}}' }],
            min: 0,
          },
        ],
      }],
    },
  },
  dependencies: deps,
  env: {
    PORT: '%d' % port,
    METRICS_PORT: '%d' % metricsPort,
    REDIS_ADDRESS: dependency.address(deps.redis, 'redis'),
    // The user of its own that //services/redis declares, and its password.
    REDIS_USERNAME: 'routeguide',
    REDIS_PASSWORD_FILE: secretsFolder + '/password',
    NOTES_WAIT_REPLICAS: '%d' % parameter(environment, 'waitReplicas', 0),
    DRAIN_TIMEOUT_MS: '15000',
  },
  volumes: { [secretsFolder]: { secret: { secretName: 'redis-routeguide', defaultMode: 288 } } },
}))
