// What watches a component: what Prometheus scrapes, rules, and a dashboard. config: the values of its parameters; or those
// that `watched` makes, of what is no component.
local dashboards = import 'dashboards.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local overview = import 'overview.libsonnet';
local pod = import 'pod.libsonnet';
local runbooks = import 'runbooks.libsonnet';
local slo = import 'slo.libsonnet';
local t = import 'types.libsonnet';

local PROMETHEUS = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
};

local SEVERITIES = ['critical', 'warning'];

// Five minutes after it was last seen Prometheus takes a series for gone: two looks must fit in, as one of them may fail.
local LONGEST_INTERVAL = '2m';

// How often rules are looked at that read all that there is of weeks, which changes slowly. Two looks fit in here too.
local SELDOM = '2m';

local alert = t.record({
  expr: t.required(t.query, 'PromQL, with `$self` for the labels of the component: fires for each series that it has.'),
  'for': t.optional(t.duration, 'For how long it must be so.', '5m'),
  severity: t.optional(t.oneOf(SEVERITIES), 'Whether somebody is to be woken up.', 'warning'),
  summary: t.required(t.filledText, 'What is so, with `{{ $labels.pod }}` and `{{ $value }}`.'),
  description: t.optional(t.text, 'What that means.', ''),
  panel: t.optional(t.filledText, 'The title of the panel of its dashboard that shows it.'),
});

// The label of a headless Service whose pods are scraped by the other Service of its component.
local UNSCRAPED = 'fathom.internal/unscraped';

// Panels of overview.libsonnet, by the alerts that are made here.
local PANELS = { ErrorBudgetBurn: 'Speed of spending', NotScraped: 'Pods', Restarts: 'Restarts' };

local parameter = t.optional(
  t.record({
    port: t.required(t.portName, 'Which of `ports` answers Prometheus.'),
    path: t.optional(t.text, 'Where.', '/metrics'),
    interval: t.optional(t.duration, 'How often, at most every 2m, and how often its rules are looked at, but for what is left of budgets.', null, 'as often as Prometheus does by itself'),
    labels: t.optional(t.map(t.text, t.text), 'Labels by which a Prometheus chooses what it scrapes.', {}),
    scraper: t.optional(t.object, 'The pods of Prometheus: a peer of a NetworkPolicy.', PROMETHEUS, 'pods named prometheus in the namespace monitoring'),
    calls: t.optional(t.oneOf(['server', 'client', 'none']), 'Whose calls its metrics are about: those that it answers, or those that it makes.', null, 'server with a port named grpc, else none'),
    process: t.optional(t.oneOf(['node', 'plain', 'none']), 'What its metrics say of its processes: those of node as well, what client libraries of Prometheus say, or nothing.', 'node'),
    slos: t.optional(t.map(t.name, t.record(slo.parameters)), 'What it promises, by name: rules and alerts are made of it.', {}),
    alerts: t.optional(t.map(t.word, alert), 'Further alerts, by name.', {}),
    dashboard: t.optional(
      t.record({
        title: t.optional(t.filledText, 'What people call it.', null, 'the name of the component'),
        variables: t.optional(t.list(t.object), 'What may be chosen.', []),
        rows: t.optional(t.list(t.object), 'Rows between the generated ones, in the model of `dashboards.libsonnet`; `$self` in queries is the labels of the component.', []),
      }),
      'Its dashboard. Without, with `slos` or `alerts`, the generated one.',
    ),
    runbook: t.optional(t.filledText, 'What to do when an alert fires: a page of the repository, which `runbooks` of the environment makes an address, or an https address.', null, '`docs/runbooks/<name>.md`'),
  }),
  'That it has metrics for Prometheus, and what is made of them.',
);

local provides(config, capability) = std.member(std.get(config.environment, 'provides', []), capability);
local isScraped(config) = config.monitoring != null && provides(config, 'prometheus-operator');
// Whether a Service with these ports has the one that Prometheus asks.
local hasScraped(config, ports) = config.monitoring != null && std.objectHas(ports, config.monitoring.port);
local isWatched(config) =
  local monitoring = config.monitoring;
  monitoring != null && (monitoring.slos != {} || monitoring.alerts != {} || monitoring.dashboard != null);

local sideOf(config) =
  if config.monitoring.calls != null then config.monitoring.calls
  else if std.objectHas(config.ports, 'grpc') then 'server'
  else 'none';

local runbookOf(config) = runbooks.at(
  config.environment,
  if config.monitoring.runbook != null then config.monitoring.runbook else 'docs/runbooks/' + config.name + '.md'
);

// The labels that Prometheus gives to all that it scrapes of a component.
local targetOf(config) = 'namespace="' + config.environment.namespace + '",job="' + config.name + '"';

// Whether it is one job of Prometheus, as every component is.
local isJob(config) = std.get(config, 'isJob', true);

local alertsOf(config) =
  local general = if !isJob(config) then {} else {
    NotScraped: {
      expr: 'absent(up{$self} == 1)',
      'for': '5m',
      severity: 'critical',
      summary: 'No pod of ' + config.name + ' answers Prometheus',
      description: 'They are away, or cannot be reached: neither alerts nor dashboards see anything of it.',
      panel: PANELS.NotScraped,
    },
  } + (if config.monitoring.process == 'none' then {} else {
         Restarts: {
           expr: 'changes(process_start_time_seconds{$self}[15m]) > 2',
           'for': '5m',
           severity: 'warning',
           summary: '{{ $labels.pod }} starts again and again',
           description: 'Within a quarter of an hour it has started anew {{ $value }} times.',
           panel: PANELS.Restarts,
         },
       });
  general + config.monitoring.alerts;

local rulesOf(config) =
  // Where its series are of many namespaces, each alert has that of its own.
  local place = if isJob(config) then { namespace: config.environment.namespace } else {};
  local dashboard = (if isJob(config) then '' else config.environment.namespace + '/') + config.name;
  // The part of the page that is about an alert has its name for a heading.
  local annotations(alert) = { dashboard: dashboard, runbook_url: runbookOf(config) + '#' + std.asciiLower(alert) };
  // Who is scraped more often wants to hear of it sooner.
  local rhythm = if config.monitoring.interval == null then {} else { interval: config.monitoring.interval };
  local alerts = alertsOf(config);
  local target = targetOf(config);
  local slos = slo.rules(config, target, sideOf(config), function(alert) annotations(alert) { panel: PANELS[alert] });
  [rhythm { name: config.name + '-slo-' + name, rules: slos[name].often } for name in std.objectFields(slos)] + [
    { name: config.name + '-budget-' + name, interval: SELDOM, rules: slos[name].seldom }
    for name in std.objectFields(slos)
  ] + [rhythm {
    name: config.name,
    rules: [
      local one = alerts[name];
      {
        alert: name,
        expr: slo.filledIn(one.expr, { 'self': target }),
        'for': one['for'],
        labels: place { service: config.name, severity: one.severity },
        annotations: annotations(name) {
          summary: one.summary,
          [if one.description != '' then 'description']: one.description,
          [if one.panel != null then 'panel']: one.panel,
        },
      }
      for name in std.objectFields(alerts)
    ],
  }];

// Queries with the labels of the component in them; what is no such row is told of by the checks of dashboards.
local withTarget(config, value) =
  if std.isString(value) then slo.filledIn(value, { 'self': 'namespace="$namespace",job="' + config.name + '"' })
  else if std.isArray(value) then [withTarget(config, one) for one in value]
  else if std.isObject(value) then { [field]: withTarget(config, value[field]) for field in std.objectFields(value) }
  else value;

// What is wrong with how often it is scraped. Without a word it is known to be enough for windows of an hour:
// prod/monitoring/prometheus.jsonnet sees to that.
local intervalProblems(config) =
  local interval = config.monitoring.interval;
  local slos = config.monitoring.slos;
  if interval != null then (
    local seconds = t.seconds(interval);
    if seconds >= 1 && seconds <= t.seconds(LONGEST_INTERVAL) then []
    else ['monitoring.interval must be from 1s to %s, or panels and alerts have gaps, got %s' % [LONGEST_INTERVAL, interval]]
  ) + std.flattenArrays([slo.rhythm('monitoring.slos.' + name, slos[name], interval) for name in std.objectFields(slos)])
  else [
    'monitoring.interval must be given, as monitoring.slos.%s.window is less than an hour, got %s' % [name, slos[name].window]
    for name in std.objectFields(slos)
    for seconds in [t.seconds(slos[name].window)]
    if seconds < 3600 && seconds % 60 == 0
  ];

local dashboardOf(config) =
  local monitoring = config.monitoring;
  local own = { title: null, variables: [], rows: [] } + (if monitoring.dashboard == null then {} else monitoring.dashboard);
  local hasSlos = monitoring.slos != {} && provides(config, 'prometheus-operator');
  local generated = overview(config.name, sideOf(config), monitoring.process, hasSlos);
  {
    name: config.name,
    title: if own.title == null then config.name else own.title,
    service: config.name,
    runbook: runbookOf(config),
    variables: withTarget(config, own.variables),
    rows: generated.before + withTarget(config, own.rows) + (if isJob(config) then generated.after else []),
  };

// Its dashboard, for all that shows some, by role.
local boardsOf(config, objectLabels) = dashboards.objects(
  dashboardOf(config),
  std.get(config.environment, 'provides', []),
  config.environment.namespace,
  objectLabels,
  config.monitoring.interval,
  // By `checks`, which are made first.
  isChecked=true,
);

{
  // Returns whether the environment's cluster has `capability`.
  provides(config, capability):: provides(config, capability),

  // The parameter of components.
  parameter:: parameter,

  // Whether there is somebody who scrapes it.
  isScraped(config):: isScraped(config),

  // Returns the labels of a headless Service with these ports, beside those of its component.
  headlessLabels(config, ports):: if hasScraped(config, ports) then { [UNSCRAPED]: 'true' } else {},

  // What such objects are there for, by role.
  roles:: {
    servicemonitor: 'with `monitoring`, where the environment provides prometheus-operator',
    prometheusrule: 'with `slos`, `alerts` or `dashboard` in `monitoring`, where the environment provides prometheus-operator',
    dashboard: 'with `slos`, `alerts` or `dashboard` in `monitoring`',
    grafana: 'likewise, where the environment provides grafana',
    grafanadashboard: 'likewise, where the environment provides grafana-operator',
  },

  // Returns the rules and the dashboard of what is no component, such as a program that others scrape, by role. given: its
  // `name`, the `namespace` and `labels` of the objects, and `monitoring` as components have it; `isJob`: whether its
  // series are those of one job that is called as it is, false where they are those of a whole cluster; `environment`: what
  // its cluster `provides` beside the Prometheus Operator, and where `runbooks` are.
  watched(given)::
    local monitoring = { port: 'metrics', calls: 'none' } + given.monitoring;
    local config = {
      name: given.name,
      isJob: std.get(given, 'isJob', true),
      environment: { provides: [] } + std.get(given, 'environment', {}) + { namespace: given.namespace, provides+: ['prometheus-operator'] },
      ports: { metrics: 0 },
      monitoring: parameter.type.resolve(monitoring),
    };
    local wrong = parameter.type.problems('monitoring', monitoring);
    local found = if wrong != [] then wrong else $.checks(config);
    assert found == [] : given.name + ': ' + std.join('; ', found);
    {
      prometheusrule: k.prometheusRule(given.name, given.namespace, { groups: rulesOf(config) }, given.labels),
    } + boardsOf(config, given.labels),

  // Returns what is wrong with it.
  checks(config)::
    local monitoring = config.monitoring;
    local known = std.objectFields(config.ports);
    if monitoring == null then []
    else (
      if std.member(known, monitoring.port) then []
      else ["monitoring.port must be one of ports, got '%s'; they are %s" % [monitoring.port, std.join(', ', known)]]
    ) + std.flattenArrays([
      slo.checks('monitoring.slos.' + name, monitoring.slos[name], sideOf(config))
      for name in std.objectFields(monitoring.slos)
    ]) + intervalProblems(config) + (
      if !isWatched(config) then []
      else ['monitoring.dashboard: ' + problem for problem in dashboards.problems(dashboardOf(config))]
    ),

  // Returns the objects by role. headlessPorts: the ports of its headless Service.
  objects(config, headlessPorts={})::
    local namespace = config.environment.namespace;
    local objectLabels = pod.labels(config);
    local isSeen = isWatched(config);
    local interval = config.monitoring.interval;
    {
      [if isScraped(config) then 'servicemonitor']: k.serviceMonitor(config.name, namespace, {
        // Each pod is scraped once: a headless Service, which has the same pods, mostly does not have this port.
        selector: { matchLabels: labels.selector(config.name) } + (
          if hasScraped(config, headlessPorts) then { matchExpressions: [{ key: UNSCRAPED, operator: 'DoesNotExist' }] } else {}
        ),
        endpoints: [{
          port: config.monitoring.port,
          path: config.monitoring.path,
          [if interval != null then 'interval']: interval,
        }],
      }, objectLabels + config.monitoring.labels),
      [if isSeen && isScraped(config) then 'prometheusrule']: k.prometheusRule(
        config.name, namespace, { groups: rulesOf(config) }, objectLabels + config.monitoring.labels
      ),
    } + (if isSeen then boardsOf(config, objectLabels) else {}),
}
