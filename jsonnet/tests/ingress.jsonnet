// Two Services behind one name.
local ingress = import 'jsonnet/ingress.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

local web(name) = k.service(name, 'prod', { ports: k.servicePorts({ http: 80 }) });

ingress({
  name: 'shop',
  environment: { name: 'prod', namespace: 'prod' },
  className: 'public',
  hosts: ['shop.example.com', '*.shop.example.com'],
  tlsSecretName: 'shop-tls',
  routes: [{ service: web('web'), port: 'http' }, { path: '/basket', pathType: 'Exact', service: web('basket'), port: 'http' }],
  annotations: { 'ingress.example/limit': '10' },
})
