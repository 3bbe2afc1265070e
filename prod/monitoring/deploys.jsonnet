// What watches deploys: alerts and a dashboard of what the engine tells of them, by the metrics of //services/kube_state.
local common = import 'common.libsonnet';
local dashboards = import 'jsonnet/dashboards.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local runbooks = import 'jsonnet/runbooks.libsonnet';

local name = 'deploys';
local labels = common.labels(name);
local RUNBOOK = 'docs/runbooks/deploys.md';

// An alert about a stack: of its own namespace, and of the service that is called as it is. The dashboard is of this one.
local alert(title, one) = function(runbook) one {
  alert: title,
  labels: { service: '{{ $labels.stack }}', severity: 'warning' },
  annotations+: { dashboard: '%s/%s' % [common.NAMESPACE, name], runbook_url: '%s#%s' % [runbook, std.asciiLower(title)] },
};

local ALERTS = [
  alert('DeployUnfinished', {
    expr: 'max by (namespace, stack) (fathom_deploy_unfinished) == 1',
    'for': '15m',
    annotations: {
      summary: 'A deploy of {{ $labels.stack }} has begun and not come to its end',
      description: 'It was cut off or has failed: some of its objects may be new, and others old.',
      panel: 'Unfinished',
    },
  }),
  // It is told of for an hour: what is slow once is looked into, and no state that lasts.
  alert('DeploySlow', {
    expr: |||
      max by (namespace, stack) (
        fathom_deploy_duration_seconds > 60
        and fathom_deploy_duration_seconds > 3 * fathom_deploy_usual_duration_seconds
        and time() - fathom_deploy_finished_timestamp_seconds < 3600
      )
    |||,
    annotations: {
      summary: 'A deploy of {{ $labels.stack }} took {{ $value | humanizeDuration }}, more than three times what is usual',
      description: 'The panel Phases tells which phase it was.',
      panel: 'Phases',
    },
  }),
];

local CHOSEN = 'namespace=~"$namespace",stack=~"$stack"';
// Whichever pod of kube-state says it: while one takes over from another there are two.
local ofStack(series, more='') = 'max by (namespace, stack%s) (%s)' % [more, series];
local query(expr, legend='') = { expr: std.strReplace(expr, '$chosen', CHOSEN), legend: legend };
local panel(title, unit, queries, more={}) = { title: title, unit: unit, queries: queries, min: 0 } + more;

local DASHBOARD = {
  name: name,
  title: 'Deploys',
  service: name,
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(fathom_deploy_info, namespace)', multi: true },
    { name: 'stack', label: 'Stack', query: 'label_values(fathom_deploy_info{namespace=~"$namespace"}, stack)', multi: true },
  ],
  rows: [
    {
      title: 'Stacks',
      panels: [
        panel('Known', 'count', [query('count(%s)' % ofStack('fathom_deploy_info{$chosen}'), 'stacks')], { kind: 'stat', width: 4 }),
        panel('Unfinished', 'count', [query('sum(%s)' % ofStack('fathom_deploy_unfinished{$chosen}'), 'stacks')], {
          description: 'Deploys that go on, were cut off, or have failed.',
          kind: 'stat',
          width: 4,
          thresholds: [{ value: 1, severity: 'warning' }],
        }),
        panel('Changed within a day', 'count', [
          query('count(time() - %s < 86400)' % ofStack('fathom_deploy_started_timestamp_seconds{$chosen}'), 'stacks'),
        ], { kind: 'stat', width: 4 }),
        panel('Last change', 'count', [
          query('max by (namespace, stack, revision, verb, who, commit) (fathom_deploy_info{$chosen})'),
        ], {
          description: 'Whose it was, and of which commit.',
          kind: 'table',
          width: 12,
        }),
        panel('Errors', 'count', [query('max by (namespace, stack, code) (fathom_deploy_error{$chosen})')], {
          description: 'With which error the last deploy of a stack ended; docs/errors.md has their codes.',
          kind: 'table',
          width: 12,
        }),
      ],
    },
    {
      title: 'Time',
      panels: [
        panel('Phases', 'seconds', [
          query('max by (phase) (fathom_deploy_phase_seconds{$chosen})', '{{phase}}'),
        ], { description: 'Of the deploys that are the newest of their stacks: the slowest.' }),
        panel('Duration', 'seconds', [
          query('max by (namespace, stack) (fathom_deploy_duration_seconds{$chosen})', '{{namespace}}/{{stack}}'),
        ], { description: 'How long the newest deploy of a stack worked.' }),
      ],
    },
    {
      title: 'What was changed',
      panels: [
        panel('Deploys an hour', 'count', [
          query('sum by (namespace, stack) (changes(fathom_deploy_started_timestamp_seconds{$chosen}[1h]))', '{{namespace}}/{{stack}}'),
        ], { stack: true }),
        panel('Objects', 'count', [
          query('sum by (action) (%s)' % ofStack('fathom_deploy_objects{$chosen,action!="unchanged"}', ', action'), '{{action}}'),
        ], { description: 'What the newest deploys of the stacks did with objects.', stack: true }),
      ],
    },
  ],
};

// environment: what the cluster `provides`, and where `runbooks` are.
function(environment={})
  local runbook = runbooks.at(environment, RUNBOOK);
  k.files({
    prometheusrule: k.prometheusRule(name, common.NAMESPACE, { groups: [{ name: name, rules: [alert(runbook) for alert in ALERTS] }] }, labels),
  } + dashboards.objects(DASHBOARD { runbook: runbook }, std.get(environment, 'provides', []), common.NAMESPACE, labels))
