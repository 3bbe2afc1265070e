// The state of Kubernetes' objects as metrics: //services/kube_state.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'kube-state';
local probe(path) = { httpGet: { path: path, port: 'metrics' } };
local follow(group, resources) = common.rule(group, resources, ['list', 'watch']);

// image: its name in manifests.
function(image) k.files(service({
  name: name,
  partOf: common.PART_OF,
  environment: common.ENVIRONMENT,
  image: image,
  ports: { metrics: 9464 },
  monitoring: { port: 'metrics' },
  apiAccess: true,
  resources: common.resources('20m', 96, 192),
  probes: {
    startupProbe: probe('/livez') { periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: probe('/readyz') { periodSeconds: 5 },
    livenessProbe: probe('/livez') { periodSeconds: 10, timeoutSeconds: 3 },
  },
}) + common.clusterRole('fathom-kube-state', name, [
  // Of ConfigMaps it follows those that tell of deploys; RBAC knows no labels.
  follow('', ['configmaps', 'namespaces', 'nodes', 'persistentvolumeclaims', 'pods', 'resourcequotas']),
  follow('apps', ['daemonsets', 'deployments', 'replicasets', 'statefulsets']),
  follow('autoscaling', ['horizontalpodautoscalers']),
  follow('batch', ['cronjobs', 'jobs']),
  follow('policy', ['poddisruptionbudgets']),
]) {
  // The labels namespace, pod and the like are those of the objects, not of this pod.
  servicemonitor+: { spec+: { endpoints: [endpoint { honorLabels: true } for endpoint in super.endpoints] } },
})
