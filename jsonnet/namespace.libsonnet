// A namespace under the restricted Pod Security Standard: https://kubernetes.io/docs/concepts/security/pod-security-standards/
local k = import 'jsonnet/kubernetes.libsonnet';

local levels = ['restricted', 'baseline', 'privileged'];
local defaults = {
  name: error 'namespace: must provide name',
  // Less than restricted only with a reason beside it.
  level: 'restricted',
  labels: {},
};

// Returns { namespace } for params { name, level, labels }.
function(params) {
  local config = defaults + params,
  assert std.member(levels, config.level) : 'namespace %s: level must be one of %s, got %s' % [config.name, std.join(', ', levels), config.level],

  namespace: k.namespace(
    config.name,
    config.labels { 'app.kubernetes.io/managed-by': 'fathom' } +
    { ['pod-security.kubernetes.io/' + mode]: config.level for mode in ['enforce', 'audit', 'warn'] },
  ),
}
