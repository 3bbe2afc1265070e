// Namespaces, constructors, and what a caller reads from a rendered Service.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local namespace = import 'jsonnet/namespace.libsonnet';

local rendered = k.service('redis', 'dev', { ports: [{ name: 'redis', port: 6379 }] });

{
  address: dependency.address(rendered, 'redis'),
  configMap: k.configMap('settings', 'dev', { 'a.txt': 'text' }),
  claim: k.persistentVolumeClaim('data', 'dev', '1Gi', { a: 'b' }),
  files: k.files({ service: 1, deployment: 2 }),
  restricted: namespace({ name: 'dev' }).namespace,
  baseline: namespace({ name: 'nodes', level: 'baseline', labels: { a: 'b' } }).namespace,
}
