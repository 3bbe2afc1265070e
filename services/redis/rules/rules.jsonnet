// The rules of Redis, as they are where Prometheus is, for their test.
local redis = import 'services/redis/redis.jsonnet';

redis({
  name: 'test',
  namespace: 'test',
  registry: 'registry.example',
  replicas: 1,
  parameters: {},
  provides: ['prometheus-operator'],
}, {}, {})['prometheusrule.json']
