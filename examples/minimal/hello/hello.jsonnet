// The objects of the hello service, each in a file of its own. `hello` is what BUILD.bazel says of it.
local k = import 'jsonnet/kubernetes.libsonnet';
local namespace = import 'jsonnet/namespace.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local probe = { httpGet: { path: '/', port: 'http' } };

function(hello) k.files(service({
  name: hello.name,
  environment: hello.environment,
  image: hello.image,
  ports: { http: hello.port },
  servicePorts: { http: hello.port },
  // It answers no gRPC health checks, which are the default.
  probes: { startupProbe: probe { periodSeconds: 1 }, readinessProbe: probe, livenessProbe: probe },
}) + namespace({ name: hello.environment.namespace }))
