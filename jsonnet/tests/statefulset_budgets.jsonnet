// How many pods of a set may be away at a time, by their number.
local statefulset = import 'jsonnet/statefulset.libsonnet';

local budget(replicas, quorum) = statefulset({
  name: 'store',
  environment: { name: 'dev', namespace: 'dev' },
  replicas: replicas,
  quorum: quorum,
  image: 'registry.example/store:1.0',
  ports: { store: 6000 },
  storage: '1Gi',
  probes: {},
}).poddisruptionbudget.spec.maxUnavailable;

{
  withQuorum: { ['%d pods' % replicas]: budget(replicas, true) for replicas in std.range(0, 7) },
  withoutQuorum: { ['%d pods' % replicas]: budget(replicas, false) for replicas in [1, 2, 7] },
}
