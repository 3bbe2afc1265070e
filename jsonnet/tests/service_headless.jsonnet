// A service whose callers spread their calls over its pods themselves, and one of those callers.
local dependency = import 'jsonnet/dependency.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local common = { environment: { name: 'dev', namespace: 'dev', replicas: 2 }, image: 'registry.example/x:1.0', ports: { grpc: 8080, metrics: 9464 } };
local server = service(common { name: 'server', servicePorts: { grpc: 8080 }, headless: true, monitoring: { port: 'metrics' } });

{
  service: server.service,
  headless: server.headless,
  address: dependency.address(server.service, 'grpc'),
  podsAddress: dependency.podsAddress(server.service, 'grpc'),
}
