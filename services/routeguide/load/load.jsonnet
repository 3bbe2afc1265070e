// The route guide's load: calls at a fixed rate for a while, and what came of them as one line of JSON.
local dependency = import 'jsonnet/dependency.libsonnet';
local job = import 'jsonnet/job.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(job({
  name: 'routeguide-load',
  partOf: 'routeguide',
  environment: environment,
  image: environment.registry + '/services/routeguide/load',
  dependencies: deps,
  // A second try would count the first one's failures as none.
  backoffLimit: 0,
  activeDeadlineSeconds: 1800,
  env: {
    ROUTEGUIDE_ADDRESS: dependency.podsAddress(deps.server, 'grpc'),
    RATE: '500',
    RAMP_MS: '5000',
    DURATION_MS: '30000',
    // Rate times deadline: more are not under way, unless this pod itself falls behind, and its memory is for so many.
    MAX_IN_FLIGHT: '2500',
  },
}))
