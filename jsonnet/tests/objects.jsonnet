// All objects of the other programs, as one list for the checks of manifests.
local programs = {
  configmap: import 'jsonnet/tests/configmap.jsonnet',
  cronjob: import 'jsonnet/tests/cronjob.jsonnet',
  gateway: import 'jsonnet/tests/gateway.jsonnet',
  gateway_grpc: import 'jsonnet/tests/gateway_grpc.jsonnet',
  ingress: import 'jsonnet/tests/ingress.jsonnet',
  job: import 'jsonnet/tests/job.jsonnet',
  others: import 'jsonnet/tests/others.jsonnet',
  secret: import 'jsonnet/tests/secret.jsonnet',
  service: import 'jsonnet/tests/service.jsonnet',
  service_headless: import 'jsonnet/tests/service_headless.jsonnet',
  service_headless_watched: import 'jsonnet/tests/service_headless_watched.jsonnet',
  service_nobody_calls: import 'jsonnet/tests/service_nobody_calls.jsonnet',
  service_plain: import 'jsonnet/tests/service_plain.jsonnet',
  service_watched: import 'jsonnet/tests/service_watched.jsonnet',
  statefulset: import 'jsonnet/tests/statefulset.jsonnet',
  statefulset_shared_port: import 'jsonnet/tests/statefulset_shared_port.jsonnet',
  statefulset_watched: import 'jsonnet/tests/statefulset_watched.jsonnet',
};

{
  apiVersion: 'v1',
  kind: 'List',
  items: [
    value
    for name in std.objectFields(programs)
    for value in std.objectValues(programs[name])
    // The kinds of Grafana's operator are nobody's here.
    if std.isObject(value) && std.objectHas(value, 'kind') && value.kind != 'GrafanaDashboard'
  ],
}
