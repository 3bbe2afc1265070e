// What watches Redis: figures that keepers tell of the servers beside them.
local panel(title, unit, expr, legend, more={}) = { title: title, unit: unit, queries: [{ expr: expr, legend: legend }], min: 0 } + more;
local byPod(metric) = 'sum by (pod) (' + metric + '{$self})';
local perSecond(metric) = 'sum by (pod) (rate(' + metric + '{$self}[$__rate_interval]))';

{
  port: 'metrics',
  process: 'none',
  slos: {
    // Of all times that a keeper asked its server, how often it did not answer.
    availability: {
      objective: 99.5,
      errors: 'sum(count_over_time(redis_up{$self}[$window]) - sum_over_time(redis_up{$self}[$window]))',
      total: 'sum(count_over_time(redis_up{$self}[$window]))',
    },
  },
  alerts: {
    RedisDown: {
      expr: 'redis_up{$self} == 0',
      'for': '2m',
      severity: 'critical',
      summary: '{{ $labels.pod }} does not answer',
      description: 'Its keeper cannot reach it. Where it was a master, its replica has taken its slots over.',
      panel: 'Servers that answer',
    },
    RedisSlotsLost: {
      expr: 'max(redis_cluster_slots_fail{$self}) > 0',
      'for': '1m',
      severity: 'critical',
      summary: '{{ $value }} of 16384 slots have no server',
      description: 'Keys in them can be neither read nor written.',
      panel: 'Slots without a server',
    },
    RedisWriteFailed: {
      expr: 'redis_aof_last_write_ok{$self} == 0',
      'for': '1m',
      severity: 'critical',
      summary: '{{ $labels.pod }} cannot write to its disk',
      description: 'It refuses writes until it can.',
      panel: 'Log of writes',
    },
    RedisReplicaAlone: {
      expr: 'redis_master_link_up{$self} == 0',
      'for': '5m',
      summary: '{{ $labels.pod }} has no connection to its master',
      description: 'What is written now is on one server alone.',
      panel: 'Replicas with a connection',
    },
    RedisFull: {
      expr: 'redis_memory_used_bytes{$self} / (redis_memory_max_bytes{$self} > 0) > 0.9',
      'for': '10m',
      summary: '{{ $labels.pod }} is full to {{ $value | humanizePercentage }}',
      description: 'A full one refuses writes: it forgets nothing.',
      panel: 'Memory',
    },
    RedisRefusesConnections: {
      expr: 'increase(redis_rejected_connections_total{$self}[10m]) > 0',
      'for': '1m',
      summary: '{{ $labels.pod }} has more connections than it takes',
      panel: 'Clients',
    },
    RedisWrongPassword: {
      expr: 'increase(redis_acl_access_denied_auth_total{$self}[10m]) > 10',
      'for': '5m',
      summary: 'Somebody tries wrong passwords at {{ $labels.pod }}',
      description: 'A service with an old password, or somebody who has none.',
    },
  },
  dashboard: {
    title: 'Redis',
    rows: [
      {
        title: 'Cluster',
        panels: [
          panel('Servers that answer', 'count', 'sum(redis_up{$self})', 'servers', { kind: 'stat', width: 3 }),
          panel('Masters', 'count', 'sum(redis_master{$self})', 'masters', { kind: 'stat', width: 3 }),
          panel('Slots without a server', 'count', 'max(redis_cluster_slots_fail{$self})', 'slots', {
            kind: 'stat',
            width: 3,
            thresholds: [{ value: 1, severity: 'critical' }],
          }),
          panel('Keys', 'count', 'sum(redis_db_keys{$self} * on (pod) redis_master{$self})', 'keys', { kind: 'stat', width: 3 }),
          panel('Replicas with a connection', 'count', byPod('redis_master_link_up'), '{{pod}}', { max: 1 }),
          panel('Votes', 'count', 'max(redis_cluster_current_epoch{$self})', 'epoch', {
            description: 'It grows whenever a replica takes slots over.',
          }),
        ],
      },
      {
        title: 'Work',
        panels: [
          panel('Commands', 'per_second', perSecond('redis_commands_processed_total'), '{{pod}}'),
          panel('Error replies', 'per_second', perSecond('redis_error_replies_total'), '{{pod}}'),
          panel('Keys that were there', 'ratio', 'sum(rate(redis_keyspace_hits_total{$self}[$__rate_interval])) / (sum(rate(redis_keyspace_hits_total{$self}[$__rate_interval])) + sum(rate(redis_keyspace_misses_total{$self}[$__rate_interval])) > 0)', 'of those that were asked for', { max: 1 }),
          panel('Clients', 'count', byPod('redis_connected_clients'), '{{pod}}'),
          panel('Network', 'bytes', 'sum(rate(redis_net_input_bytes_total{$self}[$__rate_interval]))', 'in a second', {
            queries+: [{ expr: 'sum(rate(redis_net_output_bytes_total{$self}[$__rate_interval]))', legend: 'out a second' }],
          }),
          panel('Refused by the ACL', 'per_second', 'sum by (pod) (rate(redis_acl_access_denied_cmd_total{$self}[$__rate_interval]) + rate(redis_acl_access_denied_key_total{$self}[$__rate_interval]))', '{{pod}}', {
            description: 'Commands and keys that the user of a service may not have.',
          }),
        ],
      },
      {
        title: 'Data',
        panels: [
          panel('Memory', 'ratio', 'redis_memory_used_bytes{$self} / (redis_memory_max_bytes{$self} > 0)', '{{pod}}', {
            max: 1,
            thresholds: [{ value: 0.9, severity: 'warning' }],
          }),
          panel('Memory of the process', 'bytes', byPod('redis_memory_used_rss_bytes'), '{{pod}}'),
          panel('Log of writes', 'bytes', byPod('redis_aof_current_size_bytes'), '{{pod}}'),
          panel('Writes that waited for the disk', 'per_second', perSecond('redis_aof_delayed_fsync_total'), '{{pod}}'),
        ],
      },
    ],
  },
}
