// A service with storage: a StatefulSet, the headless Service that names its pods, and a Service for its callers.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local pod = import 'jsonnet/pod.libsonnet';

local defaults = pod.defaults {
  name: error 'statefulset: must provide name',
  // The entry of ENVS, with its name.
  environment: error '%s: must provide environment' % self.name,
  replicas: self.environment.replicas,
  probes: error '%s: must provide probes' % self.name,
  // Where the volume of each pod is mounted, and its size.
  dataFolder: '/data',
  storage: error '%s: must provide storage, such as 1Gi' % self.name,
  // What others call: port name → number, with the pod's own ports as default.
  servicePorts: self.ports,
};

// Returns { statefulset, service, headless } for params as in `defaults` and pod.libsonnet.
function(params) {
  local config = defaults + params,
  local namespace = config.environment.namespace,
  local allLabels = labels.all(config.name, config.partOf),
  local headlessName = config.name + '-headless',
  local ports(numbers) = [
    { name: port, port: numbers[port], targetPort: port, protocol: 'TCP' }
    for port in std.objectFields(numbers)
  ],

  statefulset: k.statefulSet(config.name, namespace, {
    replicas: config.replicas,
    revisionHistoryLimit: 3,
    serviceName: headlessName,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels.selector(config.name) },
    template: pod.template(config { claims+: { [config.dataFolder]: 'data' } }),
    // Claims outlive the set: what they hold is worth more than what it costs.
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    volumeClaimTemplates: [{
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', labels: labels.selector(config.name) },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: config.storage } } },
    }],
  }, allLabels),

  service: k.service(config.name, namespace, {
    type: 'ClusterIP',
    selector: labels.selector(config.name),
    ports: ports(config.servicePorts),
  }, allLabels),

  // Pods find one another by name also before they are ready.
  headless: k.service(headlessName, namespace, {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: labels.selector(config.name),
    ports: ports(config.ports),
  }, allLabels),
}
