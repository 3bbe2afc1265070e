// The page of dashboards, beside Prometheus: //services/dashboards.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'dashboards';
local probe(path) = { httpGet: { path: path, port: 'metrics' } };

// image: its name in manifests. scrapeInterval: how often Prometheus looks by itself. runbooks: where the repository's pages
// are, such as https://git.example.com/shop/blob/main/; '': nobody says, and runbooks are shown as paths.
function(image, scrapeInterval, runbooks='') k.files(service({
  name: name,
  partOf: common.PART_OF,
  environment: common.ENVIRONMENT,
  image: image,
  ports: { http: 8080, metrics: 9464 },
  servicePorts: { http: 8080 },
  monitoring: { port: 'metrics' },
  env: {
    PROMETHEUS_URL: 'http://prometheus.%s.svc:9090' % common.NAMESPACE,
    [if runbooks != '' then 'RUNBOOKS_URL']: runbooks,
    SCRAPE_INTERVAL_SECONDS: '%d' % common.scrapeSeconds(scrapeInterval),
  },
  apiAccess: true,
  probes: {
    startupProbe: probe('/livez') { periodSeconds: 1, failureThreshold: 60 },
    // Ready is who has seen which dashboards there are.
    readinessProbe: probe('/readyz') { periodSeconds: 2 },
    livenessProbe: probe('/livez') { periodSeconds: 10 },
  },
  resources: common.resources('20m', 64, 192),
  egress: [
    {
      to: [{
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': common.NAMESPACE } },
        podSelector: { matchLabels: labels.selector('prometheus') },
      }],
      ports: [{ port: 9090, protocol: 'TCP' }],
    },
    // The API server is no pod: where it is, nobody knows before; on which ports, by custom.
    { ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] },
  ],
}) + common.clusterRole('fathom-dashboards', name, [
  // RBAC knows no labels: the others are listed by nobody, but could be. Secrets never.
  common.rule('', ['configmaps'], ['list', 'watch']),
]) {
  // The NetworkPolicy of Prometheus lets in who says that it calls it.
  deployment+: { spec+: { template+: { metadata+: { labels+: labels.calls('prometheus') } } } },
})
