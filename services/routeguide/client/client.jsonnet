// The route guide's client, which calls the server again and again.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50052;

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(service({
  name: 'routeguide-client',
  partOf: 'routeguide',
  environment: environment,
  image: environment.registry + '/services/routeguide/client',
  // One is enough in every environment: it only shows that the server answers.
  replicas: 1,
  dependencies: deps,
  ports: { health: port },
  healthPort: port,
  env: {
    HEALTH_PORT: '%d' % port,
    ROUTEGUIDE_ADDRESS: dependency.address(deps.server, 'grpc'),
  },
}))
