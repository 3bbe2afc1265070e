// The dashboard of the cluster, from what is wrong to where it may come from.
local panel(title, unit, expr, legend, more={}) = { title: title, unit: unit, queries: [{ expr: expr, legend: legend }], min: 0 } + more;
local count(title, expr, more={}) = panel(title, 'count', expr, title, { kind: 'stat', width: 3 } + more);
local perSecond(by, series) = 'sum by (%s) (rate(%s[$__rate_interval]))' % [by, series];
// 0 where there is none.
local orNone(expr) = '(%s) or vector(0)' % expr;
local share(title, expr, legend, from, more={}) = panel(title, 'ratio', expr, legend, { max: 1, thresholds: [{ value: from, severity: 'warning' }] } + more);

local API = 'job="kube-apiserver"';
local alerts = import 'cluster_alerts.libsonnet';
local DISKS = alerts.disks;
local sumOf(by, series) = 'sum(%s)' % alerts.state(by, series);

[
  {
    title: 'At a glance',
    panels: [
      count('Nodes that are ready', sumOf('node', 'kube_node_status_condition{condition="Ready",status="true"}')),
      count('Pods that run', sumOf('namespace, pod', 'kube_pod_status_phase{phase="Running"}')),
      count('Pods that wait', sumOf('namespace, pod', 'kube_pod_status_phase{phase="Pending"}'), { thresholds: [{ value: 1, severity: 'warning' }] }),
      count('Alerts', orNone('count(ALERTS{alertstate="firing"})'), { thresholds: [{ value: 1, severity: 'warning' }] }),
      count('Targets that are down', orNone('count(up == 0)'), { thresholds: [{ value: 1, severity: 'critical' }] }),
      count('Rules that fail', orNone('sum(increase(prometheus_rule_evaluation_failures_total[$__rate_interval]))'), {
        thresholds: [{ value: 1, severity: 'critical' }],
      }),
      count('Containers that crash', orNone(sumOf('namespace, pod, container', '{__name__=~"kube_pod_(init_)?container_status_waiting_reason",reason="CrashLoopBackOff"}')), {
        thresholds: [{ value: 1, severity: 'warning' }],
      }),
      count('Restarts', 'sum(increase({__name__=~"kube_pod_(init_)?container_status_restarts_total"}[$__range]))', { description: 'Of all containers, in this time.' }),
    ],
  },
  {
    title: 'API server',
    panels: [
      panel('Requests of the API', 'requests_per_second', perSecond('verb', 'apiserver_request_total{%s}' % API), '{{verb}}'),
      panel('Errors of the API', 'requests_per_second', perSecond('code', 'apiserver_request_total{%s,code=~"[45].."}' % API), '{{code}}', { stack: true }),
      panel('Latency of the API', 'seconds', 'histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_duration_seconds_bucket{%s,verb=~"GET|LIST|POST|PUT|PATCH|DELETE"}[$__rate_interval])))' % API, '{{verb}}', {
        description: '99% of the requests took no longer.',
      }),
      panel('Latency of etcd', 'seconds', '%s / (%s > 0)' % [perSecond('operation', 'etcd_request_duration_seconds_sum{%s}' % API), perSecond('operation', 'etcd_request_duration_seconds_count{%s}' % API)], '{{operation}}', {
        description: 'As the API server sees it, on average.',
      }),
      panel('Size of etcd', 'bytes', 'max(apiserver_storage_size_bytes)', 'in use', { thresholds: [{ value: 1.7e9, severity: 'critical' }] }),
      panel('Most objects', 'count', 'topk(10, max by (resource) (apiserver_storage_objects))', '{{resource}}', { kind: 'table' }),
    ],
  },
  {
    title: 'Nodes',
    panels: [
      share('Processors', '1 - sum by (node) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval])) / count by (node) (node_cpu_seconds_total{mode="idle"})', '{{node}}', 0.9),
      share('Memory', '1 - sum by (node) (node_memory_MemAvailable_bytes) / sum by (node) (node_memory_MemTotal_bytes)', '{{node}}', 0.9),
      share('Disks', '1 - min by (node, device) (node_filesystem_avail_bytes{%s} / node_filesystem_size_bytes{%s})' % [DISKS, DISKS], '{{node}} {{device}}', 0.85),
      panel('Disk traffic', 'bytes', perSecond('node', 'node_disk_written_bytes_total'), '{{node}}: written a second', {
        queries+: [{ expr: perSecond('node', 'node_disk_read_bytes_total'), legend: '{{node}}: read a second' }],
      }),
      panel('Network', 'bytes', perSecond('node', 'node_network_receive_bytes_total{device!="lo"}'), '{{node}}: in a second', {
        queries+: [{ expr: perSecond('node', 'node_network_transmit_bytes_total{device!="lo"}'), legend: '{{node}}: out a second' }],
      }),
      panel('Pods', 'count', 'sum by (node) (kubelet_running_pods)', '{{node}}'),
    ],
  },
  {
    title: 'Namespaces',
    panels: [
      panel('CPU', 'cores', 'topk(10, sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[$__rate_interval])))', '{{namespace}}', { stack: true }),
      panel('Memory of containers', 'bytes', 'topk(10, sum by (namespace) (container_memory_working_set_bytes{container!=""}))', '{{namespace}}', { stack: true }),
    ],
  },
  {
    title: 'Prometheus',
    panels: [
      panel('Series', 'count', 'sum by (pod) (prometheus_tsdb_head_series)', '{{pod}}'),
      panel('Samples', 'per_second', perSecond('pod', 'prometheus_tsdb_head_samples_appended_total'), '{{pod}}'),
      panel('Time of scrapes', 'seconds', 'topk(10, max by (job) (scrape_duration_seconds))', '{{job}}'),
      panel('Data on disk', 'bytes', 'sum by (pod) (prometheus_tsdb_storage_blocks_bytes)', '{{pod}}'),
    ],
  },
]
