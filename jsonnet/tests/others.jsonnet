// Namespaces, constructors, and what a caller reads from a rendered Service.
local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local namespace = import 'jsonnet/namespace.libsonnet';
local redis = import 'jsonnet/tests/rendered_redis.libsonnet';

{
  address: dependency.address(dependency.of({ redis: redis }, 'redis'), 'redis'),
  cluster_wide: k.object('storage.k8s.io/v1', 'StorageClass', 'fast', labels={ a: 'b' }, annotations={ c: 'd' }) { provisioner: 'example.com/fast' },
  configMap: k.configMap('settings', 'dev', { 'a.txt': 'text' }),
  claim: k.persistentVolumeClaim('data', 'dev', '1Gi', { a: 'b' }),
  files: k.files({ service: 1, deployment: 2 }),
  restricted: namespace({ name: 'dev' }).namespace,
  baseline: namespace({ name: 'nodes', level: 'baseline', labels: { a: 'b' } }).namespace,
}
