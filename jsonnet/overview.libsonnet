// The dashboard that a component has without a word: its calls, what it has promised, its processes.
local slo = import 'slo.libsonnet';

local SELF = 'namespace="$namespace",job="$job"';

local ofService(job, expr) = std.strReplace(std.strReplace(expr, '$self', SELF), '$job', job);
local panel(title, unit, queries, more={}) = { title: title, unit: unit, queries: queries, min: 0 } + more;
local query(expr, legend='') = { expr: expr, legend: legend };

local FAULTS = 'grpc_code=~"' + std.join('|', slo.faults) + '"';

// A share of calls by method, 0 where there is none of them.
local share(bad, all) =
  '(sum by (grpc_method) (rate(' + bad + '[$__rate_interval])) or 0 * sum by (grpc_method) (rate(' + all + '[$__rate_interval])))' +
  ' / (sum by (grpc_method) (rate(' + all + '[$__rate_interval])) > 0)';

local quantile(part, calls, by='') =
  'histogram_quantile(' + part + ', sum by (le' + by + ') (rate(' + calls + '_handling_seconds_bucket{$self,grpc_type="unary"}[$__rate_interval])))';

local CALLS(side) =
  local calls = 'grpc_' + side;
  [
    panel('Requests', 'requests_per_second', [query('sum by (grpc_method) (rate(' + calls + '_handled_total{$self}[$__rate_interval]))', '{{grpc_method}}')], {
      description: 'Calls that have ended, by method.',
    }),
    panel('Error ratio', 'ratio', [query(share(calls + '_handled_total{$self,' + FAULTS + '}', calls + '_handled_total{$self}'), '{{grpc_method}}')], {
      description: 'Calls that failed by no fault of their caller, by method.',
    }),
    panel('Latency', 'seconds', [
      query(quantile('0.5', calls), 'half of them within'),
      query(quantile('0.9', calls), '90% within'),
      query(quantile('0.99', calls), '99% within'),
    ], { description: 'How long unary calls took.' }),
    // What is not called takes no time, which is no number.
    panel('Latency by method', 'seconds', [query(quantile('0.99', calls, ', grpc_method') + ' >= 0', '{{grpc_method}}')], {
      description: '99% of the unary calls of a method took no longer.',
    }),
    // A server tells of all codes from the beginning: those that there were are enough.
    panel('Answers by code', 'requests_per_second', [
      query('sum by (grpc_code) (rate(' + calls + '_handled_total{$self}[$__rate_interval])) and sum by (grpc_code) (' + calls + '_handled_total{$self}) > 0', '{{grpc_code}}'),
    ], {
      stack: true,
    }),
    panel('In flight', 'count', [query('sum by (grpc_method) (' + calls + '_in_flight{$self})', '{{grpc_method}}')], {
      description: 'Calls that have begun and not ended.',
    }),
  ];

local SLOS(name) =
  local of(series) = series + '{namespace="$namespace",service="' + name + '"}';
  [
    panel('Budget spent', 'ratio', [query(of('slo:error_budget:spent_ratio'), '{{slo}}')], {
      description: 'How much of what may go wrong has gone wrong.',
      kind: 'stat',
      width: 12,
      thresholds: [{ value: 0.75, severity: 'warning' }, { value: 1, severity: 'critical' }],
    }),
    panel('Error ratio of an hour', 'ratio', [query(of('slo:error_ratio:rate1h'), '{{slo}}')]),
    panel('Speed of spending', 'count', [
      query(of('slo:error_ratio:rate1h') + ' / on (namespace, service, slo) (1 - ' + of('slo:objective:ratio') + ')', '{{slo}}'),
    ], {
      description: 'At 1 all of it is spent at the end of the time that the objective is about.',
      thresholds: [{ value: 1, severity: 'warning' }, { value: 14.4, severity: 'critical' }],
    }),
  ];

local PODS = panel('Pods', 'count', [query('sum(up{$self})', 'scraped')], { kind: 'stat', width: 3 });

local PROCESS = [
  PODS,
  panel('Restarts', 'count', [query('sum(changes(process_start_time_seconds{$self}[$__range]))', 'in this time')], { kind: 'stat', width: 3 }),
  panel('CPU', 'cores', [query('sum by (pod) (rate(process_cpu_seconds_total{$self}[$__rate_interval]))', '{{pod}}')]),
  panel('Memory', 'bytes', [query('sum by (pod) (process_resident_memory_bytes{$self})', '{{pod}}')]),
];

local NODE = [
  panel('Event loop lag', 'seconds', [query('max by (pod) (nodejs_eventloop_lag_p99_seconds{$self})', '{{pod}}')], {
    description: 'How late timers are: 99% of them are less so.',
  }),
  panel('Heap', 'bytes', [query('sum by (pod) (nodejs_heap_size_used_bytes{$self})', '{{pod}}')]),
];

local PROCESSES = { none: [PODS], plain: PROCESS, node: PROCESS + NODE };

// Returns the rows that come `before` those of its own, and `after` them. name: the component; side: whose calls there are,
// or 'none'; runtime: of its processes, or 'none'; hasSlos: whether there are recorded ones.
function(name, side, runtime, hasSlos)
  local filledIn(rows) = [
    row { panels: [one { queries: [q { expr: ofService(name, q.expr) } for q in one.queries] } for one in row.panels] }
    for row in rows
  ];
  {
    before: filledIn(
      (if side == 'none' then [] else [{ title: 'Calls', panels: CALLS(side) }]) +
      (if hasSlos then [{ title: 'Objectives', panels: SLOS(name) }] else [])
    ),
    after: filledIn([{ title: 'Processes', panels: PROCESSES[runtime] }]),
  }
