// What the route guide's clients have in common, whatever language they are written in.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50052;
local metricsPort = 9464;

// The objects of a client. folder: its folder below services/routeguide; environment: an entry of ENVS with its name;
// deps: the rendered Services of what it calls; params: parameters of the component beside or instead of these.
function(folder, environment, deps, params={}) k.files(service({
  name: 'routeguide-' + std.strReplace(folder, '_', '-'),
  partOf: 'routeguide',
  environment: environment,
  image: environment.registry + '/services/routeguide/' + folder,
  // One is enough in every environment: it only shows that the server answers.
  replicas: 1,
  dependencies: deps,
  ports: { health: port, metrics: metricsPort },
  healthPort: port,
  env: {
    PORT: '%d' % port,
    METRICS_PORT: '%d' % metricsPort,
    // All servers, between which it goes around.
    ROUTEGUIDE_ADDRESS: dependency.podsAddress(deps.server, 'grpc'),
  },
} + params))
