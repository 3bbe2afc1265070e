// Prometheus, as a resource of the operator. It takes up what is declared in any namespace, without a label for that.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local versions = import 'versions.libsonnet';

local name = 'prometheus';
local selector = labels.selector(name);
local memoryMiB = 640;

// Of all namespaces and all objects, as an empty selector has it.
local all(kind) = { [kind + 'Selector']: {}, [kind + 'NamespaceSelector']: {} };

// image: its name in manifests; settings: those of settings.json.
function(image, settings) k.files({
  local interval = '%ds' % common.scrapeSeconds(settings.scrapeInterval),
  prometheus: k.object('monitoring.coreos.com/v1', 'Prometheus', 'cluster', common.NAMESPACE, common.labels(name)) {
    metadata+: common.AVAILABLE,
    spec: all('serviceMonitor') + all('podMonitor') + all('probe') + all('scrapeConfig') + all('rule') + {
      replicas: 1,
      image: image,
      imagePullPolicy: 'IfNotPresent',
      version: versions.prometheus,
      serviceAccountName: name,
      serviceDiscoveryRole: 'EndpointSlice',
      scrapeInterval: interval,
      evaluationInterval: interval,
      retention: common.retention(settings.retention),
      retentionSize: settings.retentionSize,
      storage: { volumeClaimTemplate: { spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: settings.storage } },
      } } },
      // A query that wants more than this is refused, and says so, instead of ending the process.
      query: { maxSamples: settings.maxSamples, maxConcurrency: 10, timeout: '30s' },
      // A target that would write more series than this is down, and says why.
      enforcedSampleLimit: settings.targetSamples,
      // Monitors may not name files of its pod, such as its token. A scrape class with it would be one for all namespaces.
      arbitraryFSAccessThroughSMs: { deny: true },
      alerting: { alertmanagers: [{
        namespace: common.NAMESPACE,
        name: 'alertmanager',
        port: 'http',
        apiVersion: 'v2',
        pathPrefix: '/',
      }] },
      externalUrl: 'http://prometheus.%s.svc:9090' % common.NAMESPACE,
      logFormat: 'json',
      logLevel: 'warn',
      securityContext: common.POD_SECURITY,
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '%dMi' % memoryMiB } },
      podMetadata: { labels: { 'app.kubernetes.io/part-of': common.PART_OF } },
    },
  },
  service: k.service(name, common.NAMESPACE, {
    type: 'ClusterIP',
    selector: selector,
    ports: [
      { name: 'http', port: 9090, targetPort: 'web', protocol: 'TCP' },
      // By its number: the operator gives a port of an init container, which has ended by then, the same name.
      { name: 'reloader', port: 8080, targetPort: 8080, protocol: 'TCP' },
    ],
  }, common.labels(name)),
  servicemonitor: k.serviceMonitor(name, common.NAMESPACE, {
    // The operator's own Service for the same pods has other labels.
    selector: { matchLabels: common.labels(name) },
    endpoints: [{ port: 'http' }, { port: 'reloader' }],
  }, common.labels(name)),
  serviceaccount: k.serviceAccount(name, common.NAMESPACE, common.labels(name)) { automountServiceAccountToken: true },
  networkpolicy: common.networkPolicy(name, selector, [9090, 8080]),
  poddisruptionbudget: common.disruptionBudget(name, selector),
} + common.clusterRole('fathom-prometheus', name, [
  // Where targets are.
  common.rule('', ['namespaces', 'pods', 'services'], ['get', 'list', 'watch']),
  common.rule('discovery.k8s.io', ['endpointslices'], ['get', 'list', 'watch']),
]))
