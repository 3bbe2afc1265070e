// A cluster without the Gateway API has no gateways.
local gateway = import 'jsonnet/gateway.libsonnet';
local redis = import 'jsonnet/tests/rendered_redis.libsonnet';

gateway({
  name: 'shop',
  environment: { name: 'dev', namespace: 'dev' },
  className: 'public',
  hosts: ['shop.example.com'],
  http: [{ service: redis, port: 'redis' }],
})
