// The callee has no port of that name.
local dependency = import 'jsonnet/dependency.libsonnet';

dependency.address({ kind: 'Service', metadata: { name: 'redis', namespace: 'dev' }, spec: { ports: [{ name: 'store', port: 1 }] } }, 'redis')
