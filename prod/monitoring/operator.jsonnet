// The Prometheus Operator: makes StatefulSets and configurations of the kinds that //prod:setup has declared before.
// Its admission webhook is left out: rules and monitors are checked when they are built.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local namespaced = import 'jsonnet/namespace.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'prometheus-operator';
local kubelets = 'kube-system';
local limitMiB = 160;
local probe = { httpGet: { path: '/healthz', port: 'http' } };
local group = 'monitoring.coreos.com';

// image, reloader: their names in manifests.
function(image, reloader) k.files(service({
  name: name,
  partOf: common.PART_OF,
  environment: common.ENVIRONMENT,
  image: image,
  args: [
    // An argument of its own, so that the image's digest takes its place.
    '--prometheus-config-reloader',
    reloader,
    '--config-reloader-cpu-request=10m',
    '--config-reloader-cpu-limit=0',
    '--config-reloader-memory-request=24Mi',
    '--config-reloader-memory-limit=48Mi',
    '--enable-config-reloader-probes=true',
    // Servers are made in its own namespace alone; what they watch is found in all.
    '--prometheus-instance-namespaces=' + common.NAMESPACE,
    '--alertmanager-instance-namespaces=' + common.NAMESPACE,
    // Of all namespaces, it would want to read all Secrets of the cluster.
    '--alertmanager-config-namespaces=' + common.NAMESPACE,
    '--kubelet-service=%s/kubelet' % kubelets,
    '--kubelet-endpoints=false',
    '--kubelet-endpointslice=true',
    '--cluster-domain=cluster.local',
    '--log-format=json',
    '--log-level=warn',
  ],
  env: common.goMemory(limitMiB),
  ports: { http: 8080 },
  monitoring: { port: 'http' },
  apiAccess: true,
  resources: common.resources('20m', 64, limitMiB),
  probes: {
    startupProbe: probe { periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: probe { periodSeconds: 5 },
    livenessProbe: probe { periodSeconds: 10 },
  },
}) + common.clusterRole(name, name, [
  // What declares targets and rules, wherever it is.
  common.rule(group, [
    'podmonitors',
    'probes',
    'prometheusrules',
    'scrapeconfigs',
    'servicemonitors',
  ], ['get', 'list', 'watch']),
  common.rule('', ['namespaces'], ['get', 'list', 'watch']),
  // The kubelets' addresses.
  common.rule('', ['nodes'], ['list', 'watch']),
  common.rule('', ['events'], ['create', 'patch']),
  common.rule('storage.k8s.io', ['storageclasses'], ['get']),
]) + {
  namespace: namespaced({ name: common.NAMESPACE }).namespace,
  role: common.role(name, common.NAMESPACE, name, [
    common.rule(group, ['alertmanagerconfigs', 'alertmanagers', 'prometheuses'], ['get', 'list', 'watch']),
    common.rule(group, ['alertmanagers', 'prometheuses'], ['patch', 'update']),
    common.rule(group, ['alertmanagers/finalizers', 'prometheuses/finalizers'], ['update']),
    common.rule(group, ['alertmanagers/status', 'prometheuses/status'], ['get', 'patch', 'update']),
    common.rule('apps', ['statefulsets'], ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']),
    common.rule('', ['configmaps', 'secrets'], ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']),
    common.rule('', ['services', 'services/finalizers'], ['create', 'delete', 'get', 'update']),
    common.rule('', ['pods'], ['delete', 'list']),
  ]),
  rolebinding: common.roleBinding(name, common.NAMESPACE, name),
  // Where it keeps the Service `kubelet`, whose endpoints are the nodes.
  'kubelets-role': common.role(name + '-kubelets', kubelets, name, [
    common.rule('', ['services'], ['create', 'get', 'update']),
    common.rule('discovery.k8s.io', ['endpointslices'], ['create', 'delete', 'get', 'list', 'update']),
  ]),
  'kubelets-rolebinding': common.roleBinding(name + '-kubelets', kubelets, name),
})
