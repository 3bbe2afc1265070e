// When somebody should look at the cluster, or be woken up for it. docs/runbooks/cluster.md has a part for each.
// What every cluster has, by what Prometheus calls it.
local JOBS = [
  'alertmanager',
  'cadvisor',
  'coredns',
  'kube-apiserver',
  'kube-state',
  'kubelet',
  'metrics-server',
  'monitoring-node/node-exporter',
  'prometheus-operator',
];

// Of all file systems of a node those that fill up: those in memory, and images, do not.
local DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|erofs",mountpoint!~"/(boot|efi).*"';
local disk(metric) = 'node_filesystem_%s{%s}' % [metric, DISKS];
// One disk may be mounted at several places.
local ofDisk(expr) = 'min by (node, device) (%s)' % expr;

// What kube-state says of an object, whichever of its pods says it: while one takes over from another there are two, and
// an alert that went by the pod would begin to wait anew.
local state(by, series) = 'max by (%s) (%s)' % [by, series];

// Which pods a workload lacks, by whatever kind it is of.
local lacking(kind, wanted, there) =
  local of(what) = state('namespace, ' + kind, 'kube_%s_%s' % [kind, what]);
  '(%s - %s > 0)' % [of(wanted), of(there)];

{
  disks:: DISKS,
  state:: state,

  // Monitoring.
  NotScraped: {
    // What is absent has no labels of its own.
    expr: std.join(' or ', ['label_replace(absent(up{job="%s"} == 1), "job", "%s", "", "")' % [job, job] for job in JOBS]),
    'for': '10m',
    severity: 'critical',
    summary: 'Nothing of {{ $labels.job }} answers Prometheus',
    description: 'What it would tell of is seen by neither alerts nor dashboards.',
  },
  TargetDown: {
    expr: 'up == 0',
    'for': '15m',
    summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer Prometheus',
    description: '`bazel run //prod:status` has what Prometheus says of it.',
    panel: 'Targets that are down',
  },
  RulesFail: {
    expr: 'sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0',
    severity: 'critical',
    summary: 'Rules of {{ $labels.rule_group }} fail',
    description: 'Alerts that are made of them do not fire, whatever happens.',
    panel: 'Rules that fail',
  },
  ConfigurationRefused: {
    expr: 'prometheus_config_last_reload_successful == 0 or alertmanager_config_last_reload_successful == 0',
    'for': '10m',
    summary: '{{ $labels.pod }} goes by an old configuration',
    description: 'It could not read the last one: what was added since is neither scraped nor told to anybody.',
  },
  ResourceRejected: {
    // Whichever pod of the operator says it.
    expr: 'max by (resource) (prometheus_operator_managed_resources{state="rejected"}) > 0',
    'for': '10m',
    summary: 'The operator refuses {{ $value }} objects of the kind {{ $labels.resource }}',
    description: 'What they say is neither scraped nor looked at, and no alert of theirs fires, whatever happens.',
  },
  AlertsNotSent: {
    expr: 'rate(prometheus_notifications_dropped_total[10m]) > 0 or sum by (pod) (rate(alertmanager_notifications_failed_total[10m])) > 0',
    'for': '10m',
    severity: 'critical',
    summary: 'Alerts of {{ $labels.pod }} do not arrive',
    description: 'Between Prometheus, Alertmanager and who should hear of them something is away.',
  },

  // The control plane. How the API server answers is an objective.
  ApiServiceUnavailable: {
    expr: 'max by (name) (aggregator_unavailable_apiservice) > 0',
    'for': '10m',
    summary: 'Nobody answers for the API {{ $labels.name }}',
    description: 'While it is so, Kubernetes deletes no namespace.',
  },
  StorageOfApiFull: {
    // Of what etcd takes unless it is told otherwise, 2 GiB, after which nothing can be written any more.
    expr: 'max(apiserver_storage_size_bytes) > 1.7e9',
    severity: 'critical',
    summary: 'etcd is full to {{ $value | humanize1024 }}B',
    description: 'With 2 GiB it takes no more writes, unless its quota was raised.',
    panel: 'Size of etcd',
  },

  // Nodes.
  NodeNotReady: {
    expr: state('node', 'kube_node_status_condition{condition="Ready",status="true"}') + ' == 0',
    severity: 'critical',
    summary: 'The node {{ $labels.node }} is not ready',
    description: 'Its pods are taken for lost, and made anew on other nodes.',
    panel: 'Nodes that are ready',
  },
  NodeBusy: {
    expr: 'sum by (node) (rate(node_cpu_seconds_total{mode="idle"}[15m])) / count by (node) (node_cpu_seconds_total{mode="idle"}) < 0.05',
    'for': '30m',
    summary: 'The processors of {{ $labels.node }} have had no rest for half an hour',
    description: 'Idle: {{ $value | humanizePercentage }}.',
    panel: 'Processors',
  },
  NodeMemoryShort: {
    expr: 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05',
    'for': '10m',
    severity: 'critical',
    summary: '{{ $labels.node }} has {{ $value | humanizePercentage }} of its memory left',
    description: 'Soon processes are ended, not always those that took it.',
    panel: 'Memory',
  },
  NodeDiskFilling: {
    // Almost full, or full within a day if it goes on like this.
    expr: '%(left)s < 0.05 or (%(left)s < 0.25 and %(later)s < 0)' % {
      left: ofDisk('%s / %s' % [disk('avail_bytes'), disk('size_bytes')]),
      later: ofDisk('predict_linear(%s[6h], 86400)' % disk('avail_bytes')),
    },
    'for': '30m',
    severity: 'critical',
    summary: 'The disk {{ $labels.device }} of {{ $labels.node }} has {{ $value | humanizePercentage }} left',
    description: 'A full one ends pods, and nodes that run out of it take no new ones.',
    panel: 'Disks',
  },
  VolumeFilling: {
    expr: 'kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes < 0.1',
    'for': '10m',
    summary: 'The volume {{ $labels.persistentvolumeclaim }} of {{ $labels.namespace }} has {{ $value | humanizePercentage }} left',
  },

  // What runs on them.
  PodCrashLooping: {
    expr: state('namespace, pod, container', 'max_over_time({__name__=~"kube_pod_(init_)?container_status_waiting_reason",reason="CrashLoopBackOff"}[5m])') + ' > 0',
    'for': '5m',
    summary: '{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} ends again and again',
    panel: 'Containers that crash',
  },
  PodsMissing: {
    expr: std.join(' or ', [
      lacking('deployment', 'spec_replicas', 'status_replicas_available'),
      lacking('statefulset', 'replicas', 'status_replicas_ready'),
      lacking('daemonset', 'status_desired_number_scheduled', 'status_number_ready'),
    ]),
    'for': '15m',
    summary: '{{ $labels.namespace }}/{{ $labels.deployment }}{{ $labels.statefulset }}{{ $labels.daemonset }} lacks {{ $value }} pods',
    description: 'It has been so for a quarter of an hour: no deploy takes as long.',
  },
  JobFailed: {
    expr: state('namespace, job_name', 'kube_job_failed{condition="true"}') + ' == 1',
    'for': '1m',
    summary: 'The Job {{ $labels.namespace }}/{{ $labels.job_name }} has failed',
    description: 'It stays so until it is deleted, or runs again under its name.',
  },
}
