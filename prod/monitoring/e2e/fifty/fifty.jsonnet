// Fifty services of services/kit, each with its monitor, objectives, rules and dashboard.
local service = import 'jsonnet/service.libsonnet';

local ports = { grpc: 50051, metrics: 9464 };

// environment: an entry of ENVS with its name; image: its name in manifests.
function(environment, image)
  local one(number) = service({
    name: 'watched-%02d' % number,
    partOf: 'watched',
    environment: environment,
    replicas: 1,
    image: image,
    ports: ports,
    servicePorts: { grpc: ports.grpc },
    env: { PORT: '%d' % ports.grpc, METRICS_PORT: '%d' % ports.metrics },
    // They have nothing to do, and shall all have room on one node.
    resources: { requests: { cpu: '5m', memory: '32Mi' } },
    monitoring: {
      port: 'metrics',
      slos: { availability: { objective: 99.9 }, latency: { objective: 99, seconds: 0.25 } },
    },
  });
  std.flattenArrays([std.objectValues(one(number)) for number in std.range(1, 50)])
