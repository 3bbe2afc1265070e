local dependency = import 'jsonnet/dependency.libsonnet';
local greeter = import 'services/greeter.libsonnet';

// deps: the rendered Services of those that are called, so that a renamed one is called by its new name.
function(environment, deps) greeter('front', environment, {
  dependencies: deps,
  env+: { GREETERS: std.join(',', [dependency.address(deps[name], 'grpc') for name in std.objectFields(deps)]) },
})
