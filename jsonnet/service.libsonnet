// A stateless service: a Deployment, and a Service where it has ports that others call.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local pod = import 'jsonnet/pod.libsonnet';

local defaults = pod.defaults {
  name: error 'service: must provide name',
  // The entry of ENVS, with its name.
  environment: error '%s: must provide environment' % self.name,
  replicas: self.environment.replicas,
  // The port that answers gRPC health checks.
  healthPort: error '%s: must provide healthPort' % self.name,
  probes: pod.grpcProbes(self.healthPort),
  // Port name → number, of `ports` those that others call.
  servicePorts: {},
};

// Returns { deployment, service } (service only with servicePorts) for params as in `defaults` and pod.libsonnet.
function(params)
  local config = defaults + params;
  local namespace = config.environment.namespace;
  local allLabels = labels.all(config.name, config.partOf);
  assert std.isNumber(config.replicas) && config.replicas >= 0 : '%s: replicas must be a number from 0, got %s' % [config.name, config.replicas];
  {
    deployment: k.deployment(config.name, namespace, {
      replicas: config.replicas,
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 300,
      selector: { matchLabels: labels.selector(config.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: pod.template(config),
    }, allLabels),
    [if config.servicePorts != {} then 'service']: k.service(config.name, namespace, {
      type: 'ClusterIP',
      selector: labels.selector(config.name),
      ports: [
        { name: port, port: config.servicePorts[port], targetPort: port, protocol: 'TCP' }
        for port in std.objectFields(config.servicePorts)
      ],
    }, allLabels),
  }
