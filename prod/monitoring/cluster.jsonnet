// What is scraped of the cluster itself: API server, kubelets, DNS, storage, the registry.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';

local monitor(name, spec) = k.serviceMonitor(name, common.NAMESPACE, spec, common.labels(name));

// Histograms of the API server have a series for each verb, resource and bound: the bounds that questions are about.
local FEW_BOUNDS = {
  sourceLabels: ['__name__', 'le'],
  regex: 'apiserver_request_duration_seconds_bucket;(0.005|0.025|0.15|0.25|0.35|0.45|0.6|0.7|0.8|0.9|1.25|1.5|2|3|4|6|8|15|20|45)(\\.0)?',
  action: 'drop',
};

// What cadvisor tells of containers and pods; the rest of it is per device and per task.
local CONTAINERS = [
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_cpu_cfs_throttled_seconds_total',
  'container_cpu_usage_seconds_total',
  'container_fs_reads_bytes_total',
  'container_fs_writes_bytes_total',
  'container_memory_cache',
  'container_memory_rss',
  'container_memory_working_set_bytes',
  'container_network_receive_bytes_total',
  'container_network_receive_errors_total',
  'container_network_transmit_bytes_total',
  'container_network_transmit_errors_total',
  'container_oom_events_total',
  'container_spec_memory_limit_bytes',
  'container_start_time_seconds',
  'machine_cpu_cores',
  'machine_memory_bytes',
];

function() k.files({
  apiserver: monitor('kube-apiserver', {
    selector: { matchLabels: { component: 'apiserver', provider: 'kubernetes' } },
    namespaceSelector: { matchNames: ['default'] },
    endpoints: [common.AUTHORIZED + common.SIGNED + {
      port: 'https',
      scheme: 'https',
      tlsConfig+: { serverName: 'kubernetes' },
      relabelings: [{ targetLabel: 'job', replacement: 'kube-apiserver' }],
      metricRelabelings: [
        common.keepMetrics([
          'aggregator_unavailable_apiservice.*',
          'apiserver_current_inflight_requests',
          'apiserver_flowcontrol_rejected_requests_total',
          'apiserver_request_duration_seconds_(bucket|count|sum)',
          'apiserver_request_terminations_total',
          'apiserver_request_total',
          'apiserver_storage_objects',
          'apiserver_storage_size_bytes',
          'etcd_request_duration_seconds_(count|sum)',
          'etcd_request_errors_total',
          'etcd_requests_total',
          'go_(goroutines|memstats_heap_inuse_bytes)',
          'kubernetes_build_info',
          'process_.*',
        ]),
        FEW_BOUNDS,
      ],
    }],
  }),
  // The Service that the operator keeps: //prod/monitoring/operator.jsonnet.
  kubelet: monitor('kubelet', {
    selector: { matchLabels: { 'app.kubernetes.io/name': 'kubelet' } },
    namespaceSelector: { matchNames: ['kube-system'] },
    local node = { sourceLabels: ['__meta_kubernetes_endpointslice_address_target_name'], targetLabel: 'node' },
    local job(name) = { targetLabel: 'job', replacement: name },
    endpoints: [
      common.AUTHORIZED + common.SIGNED + {
        port: 'https-metrics',
        scheme: 'https',
        // Of the volumes, not of this target.
        honorLabels: true,
        relabelings: [node, job('kubelet')],
        metricRelabelings: [common.keepMetrics([
          'go_(goroutines|memstats_heap_inuse_bytes)',
          'kubelet_(node_name|running_containers|running_pods)',
          'kubelet_pleg_relist_duration_seconds_(count|sum)',
          'kubelet_pod_start_duration_seconds_(count|sum)',
          'kubelet_runtime_operations_(errors_)?total',
          'kubelet_volume_stats_.*',
          'kubernetes_build_info',
          'process_.*',
        ])],
      },
      common.AUTHORIZED + common.SIGNED + {
        port: 'https-metrics',
        scheme: 'https',
        path: '/metrics/cadvisor',
        // Of the containers, not of this target.
        honorLabels: true,
        relabelings: [node, job('cadvisor')],
        metricRelabelings: [common.keepMetrics(CONTAINERS)],
      },
    ],
  }),
  dns: monitor('coredns', {
    selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    namespaceSelector: { matchNames: ['kube-system'] },
    endpoints: [{
      port: 'metrics',
      relabelings: [{ targetLabel: 'job', replacement: 'coredns' }],
      metricRelabelings: [common.keepMetrics([
        'coredns_build_info',
        'coredns_cache_(entries|hits_total|misses_total)',
        'coredns_dns_request_duration_seconds_(bucket|count|sum)',
        'coredns_dns_requests_total',
        'coredns_dns_responses_total',
        'coredns_forward_.*_total',
        'coredns_panics_total',
        'go_(goroutines|memstats_heap_inuse_bytes)',
        'process_.*',
      ])],
    }],
  }),
  registry: k.object('monitoring.coreos.com/v1', 'PodMonitor', 'registry', common.NAMESPACE, common.labels('registry')) {
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': 'registry' } },
      namespaceSelector: { matchNames: ['registry'] },
      podMetricsEndpoints: [{
        port: 'metrics',
        relabelings: [{ targetLabel: 'job', replacement: 'registry' }],
      }],
    },
  },
})
