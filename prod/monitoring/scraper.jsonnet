// Who may read the metrics of the cluster itself, and the token by which Prometheus does: of the monitors in this namespace
// those that name it, and no others.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

local name = common.SCRAPER;

function() k.files({
  serviceaccount: k.serviceAccount(name, common.NAMESPACE, common.labels(name)),
  // Kubernetes fills it in, and deletes one whose account it does not know: after that, so.
  secret: k.object('v1', 'Secret', name, common.NAMESPACE, common.labels(name)) {
    metadata+: { annotations+: {
      'kubernetes.io/service-account.name': name,
      'config.kubernetes.io/depends-on': '/namespaces/%s/ServiceAccount/%s' % [common.NAMESPACE, name],
    } },
    type: 'kubernetes.io/service-account-token',
  },
} + common.clusterRole('fathom-prometheus-scraper', name, [
  // What the kubelets tell.
  common.rule('', ['nodes/metrics'], ['get']),
  // What the API server tells, and those who ask it who may read theirs.
  { nonResourceURLs: ['/metrics'], verbs: ['get'] },
]))
