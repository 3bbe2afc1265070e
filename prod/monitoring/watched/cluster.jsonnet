// What watches the cluster: its rules and its dashboard.
local alerts = import 'cluster_alerts.libsonnet';
local rows = import 'cluster_rows.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local monitoring = import 'jsonnet/monitoring.libsonnet';
local common = import 'prod/monitoring/common.libsonnet';

// Who waits for an answer of the API server, and not for what happens.
local ASKED = 'job="kube-apiserver",verb=~"GET|LIST|POST|PUT|PATCH|DELETE"';
// What lasts as long as its caller likes, or as the work of another server.
local AT_ONCE = ASKED + ',subresource!~"attach|exec|log|portforward|proxy"';

local took(series) = 'sum(rate(apiserver_request_duration_seconds_%s[$window]))' % series;

// environment: what the cluster `provides`, and where `runbooks` are.
function(environment={}) k.files(monitoring.watched({
  name: 'cluster',
  namespace: common.NAMESPACE,
  labels: common.labels('cluster'),
  environment: environment,
  isJob: false,
  monitoring: {
    slos: {
      'api-availability': {
        objective: 99.9,
        errors: 'sum(rate(apiserver_request_total{%s,code=~"5.."}[$window]))' % ASKED,
        total: 'sum(rate(apiserver_request_total{%s}[$window]))' % ASKED,
      },
      'api-latency': {
        objective: 99,
        // Prometheus 3 writes whole numbers with a fraction.
        errors: 'clamp_min(%s - %s, 0)' % [took('count{%s}' % AT_ONCE), took('bucket{%s,le=~"1([.]0)?"}' % AT_ONCE)],
        total: took('count{%s}' % AT_ONCE),
      },
    },
    alerts: alerts,
    dashboard: { title: 'Cluster', rows: rows },
  },
}))
