// gRPC calls at a Gateway that is there, with a word for its controller.
local gateway = import 'jsonnet/gateway.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

local routes = k.service('routes', 'prod', { ports: k.servicePorts({ grpc: 50051 }) });

gateway({
  name: 'routes',
  environment: { name: 'prod', namespace: 'prod', provides: ['gateway-api'] },
  parent: { name: 'public', namespace: 'gateways' },
  hosts: ['routes.example.com'],
  annotations: { 'gateway.example/limit': '10' },
  grpc: [
    { service: routes, port: 'grpc', grpcService: 'routeguide.v1.RouteGuide', method: 'GetFeature' },
    { service: routes, port: 'grpc' },
  ],
})
