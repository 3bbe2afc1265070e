// The route guide's client, which calls the server again and again.
local caller = import 'services/routeguide/jsonnet/caller.libsonnet';

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) caller('client', environment, deps, {
  monitoring: {
    port: 'metrics',
    calls: 'client',
    slos: {
      availability: { objective: 99 },
      latency: { objective: 99, seconds: 0.5 },
    },
    dashboard: { title: 'Route guide client' },
  },
})
