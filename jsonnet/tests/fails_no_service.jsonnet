// What is read must be a Service.
local dependency = import 'jsonnet/dependency.libsonnet';

dependency.name({ kind: 'Deployment', metadata: { name: 'redis' } })
