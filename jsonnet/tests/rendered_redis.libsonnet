// A Service as one that is called renders it.
local k = import 'jsonnet/kubernetes.libsonnet';

k.service('redis', 'prod', {
  selector: { 'app.kubernetes.io/name': 'redis' },
  ports: k.servicePorts({ redis: 6379 }),
})
