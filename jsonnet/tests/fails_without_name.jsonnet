// The caller owes the name.
local statefulset = import 'jsonnet/statefulset.libsonnet';

statefulset({ image: 'x', environment: { namespace: 'dev', replicas: 1 } })
