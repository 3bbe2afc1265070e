// The route guide's client, which calls the server again and again.
local dependency = import 'jsonnet/dependency.libsonnet';
local caller = import 'services/routeguide/jsonnet/caller.libsonnet';

local port = 50052;

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) caller('client', environment, deps, {
  ports: { health: port },
  env: {
    HEALTH_PORT: '%d' % port,
    ROUTEGUIDE_ADDRESS: dependency.address(deps.server, 'grpc'),
  },
})
