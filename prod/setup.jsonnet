// What every cluster of the repo has before any service: a namespace for each environment, and the registry's.
local namespace = import 'jsonnet/namespace.libsonnet';

// namespaces: their names.
function(namespaces) {
  'namespaces.json': {
    apiVersion: 'v1',
    kind: 'List',
    items: [namespace({ name: name }).namespace for name in std.set(namespaces)],
  },
}
