// A Gateway of its own for web pages.
local gateway = import 'jsonnet/gateway.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

gateway({
  name: 'shop',
  environment: { name: 'prod', namespace: 'prod', provides: ['gateway-api'] },
  className: 'public',
  hosts: ['shop.example.com', '*.shop.example.com'],
  tlsSecretName: 'shop-tls',
  http: [{ service: k.service('web', 'prod', { ports: k.servicePorts({ http: 80 }) }), port: 'http' }],
})
