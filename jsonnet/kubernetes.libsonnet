// Thin constructors: an object of a kind with its name, and nothing that a kind does not ask for. They refuse a field of
// `spec` that the kind does not have. Deeper fields are checked by k8s_manifests_test.
local kinds = import 'kinds.libsonnet';
local nearest = import 'nearest.libsonnet';

local object(apiVersion, kind, name, namespace, labels, annotations={}) =
  assert std.isString(name) && name != '' : '%s: name must be a text that is not empty, got %s' % [kind, std.toString(name)];
  {
    apiVersion: apiVersion,
    kind: kind,
    metadata: {
      name: name,
      [if namespace != null then 'namespace']: namespace,
      [if labels != {} then 'labels']: labels,
      [if annotations != {} then 'annotations']: annotations,
    },
  };

// An object of a kind of the table.
local specified(kind, name, namespace, spec, labels, annotations={}) =
  assert std.isObject(spec) : '%s %s: spec must be an object, got %s' % [kind, name, std.type(spec)];
  local known = kinds[kind].spec;
  local unknown = [field for field in std.objectFields(spec) if !std.member(known, field)];
  assert unknown == [] : '%s %s: unknown field spec.%s, the nearest is spec.%s' % [kind, name, unknown[0], nearest(unknown[0], known)];
  object(kinds[kind].apiVersion, kind, name, namespace, labels, annotations) { spec: spec };

{
  // Returns any object. namespace: null for kinds of the whole cluster.
  object(apiVersion, kind, name, namespace=null, labels={}, annotations={}):: object(apiVersion, kind, name, namespace, labels, annotations),

  // Returns a Namespace.
  namespace(name, labels={}):: object('v1', 'Namespace', name, null, labels),

  // Returns a ServiceAccount whose pods get no token unless they ask for one.
  serviceAccount(name, namespace, labels={}, annotations={}):: object('v1', 'ServiceAccount', name, namespace, labels, annotations) {
    automountServiceAccountToken: false,
  },

  // Returns a ConfigMap. data: file name → text.
  configMap(name, namespace, data, labels={}, annotations={}):: object('v1', 'ConfigMap', name, namespace, labels, annotations) { data: data },

  // Returns a Service.
  service(name, namespace, spec, labels={}, annotations={}):: specified('Service', name, namespace, spec, labels, annotations),

  // Returns the ports of a Service: each leads to the container's port of the same name. numbers: name → number.
  // Ports named grpc are marked as HTTP/2 without TLS, by which gateways know how to speak to them.
  servicePorts(numbers):: [
    {
      name: port,
      port: numbers[port],
      targetPort: port,
      protocol: 'TCP',
      [if port == 'grpc' || std.startsWith(port, 'grpc-') then 'appProtocol']: 'kubernetes.io/h2c',
    }
    for port in std.objectFields(numbers)
  ],

  // Returns a Deployment.
  deployment(name, namespace, spec, labels={}, annotations={}):: specified('Deployment', name, namespace, spec, labels, annotations),

  // Returns a StatefulSet.
  statefulSet(name, namespace, spec, labels={}, annotations={}):: specified('StatefulSet', name, namespace, spec, labels, annotations),

  // Returns a DaemonSet.
  daemonSet(name, namespace, spec, labels={}, annotations={}):: specified('DaemonSet', name, namespace, spec, labels, annotations),

  // Returns a Job.
  job(name, namespace, spec, labels={}, annotations={}):: specified('Job', name, namespace, spec, labels, annotations),

  // Returns a CronJob.
  cronJob(name, namespace, spec, labels={}, annotations={}):: specified('CronJob', name, namespace, spec, labels, annotations),

  // Returns a PersistentVolumeClaim that one node at a time may write to. size: a quantity, such as '1Gi'.
  persistentVolumeClaim(name, namespace, size, labels={}):: specified('PersistentVolumeClaim', name, namespace, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: size } },
  }, labels),

  // Returns a PodDisruptionBudget.
  podDisruptionBudget(name, namespace, spec, labels={}, annotations={}):: specified('PodDisruptionBudget', name, namespace, spec, labels, annotations),

  // Returns a NetworkPolicy.
  networkPolicy(name, namespace, spec, labels={}, annotations={}):: specified('NetworkPolicy', name, namespace, spec, labels, annotations),

  // Returns a HorizontalPodAutoscaler.
  horizontalPodAutoscaler(name, namespace, spec, labels={}, annotations={}):: specified('HorizontalPodAutoscaler', name, namespace, spec, labels, annotations),

  // Returns a ServiceMonitor of the Prometheus Operator.
  serviceMonitor(name, namespace, spec, labels={}, annotations={}):: specified('ServiceMonitor', name, namespace, spec, labels, annotations),

  // Returns an Ingress.
  ingress(name, namespace, spec, labels={}, annotations={}):: specified('Ingress', name, namespace, spec, labels, annotations),

  // Returns a Gateway of the Gateway API.
  gateway(name, namespace, spec, labels={}, annotations={}):: specified('Gateway', name, namespace, spec, labels, annotations),

  // Returns an HTTPRoute of the Gateway API.
  httpRoute(name, namespace, spec, labels={}, annotations={}):: specified('HTTPRoute', name, namespace, spec, labels, annotations),

  // Returns a GRPCRoute of the Gateway API.
  grpcRoute(name, namespace, spec, labels={}, annotations={}):: specified('GRPCRoute', name, namespace, spec, labels, annotations),

  // Returns a PrometheusRule of the Prometheus Operator.
  prometheusRule(name, namespace, spec, labels={}, annotations={}):: specified('PrometheusRule', name, namespace, spec, labels, annotations),

  // Returns a GrafanaDashboard of the operator of Grafana.
  grafanaDashboard(name, namespace, spec, labels={}, annotations={}):: object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', name, namespace, labels, annotations) { spec: spec },

  // Returns the objects of a component as files of jsonnet_to_json: { role: object } becomes { 'role.json': object }.
  files(objects):: { [role + '.json']: objects[role] for role in std.objectFields(objects) },
}
