// Dashboards: one small model of rows, panels and queries, checked, and delivered to whoever shows it.
local grafana = import 'grafana.libsonnet';
local k = import 'kubernetes.libsonnet';
local t = import 'types.libsonnet';

// What data sources of Grafana take for the time between two looks unless they are told.
local GRAFANA_SECONDS = 15;

// How figures are shown. Each has its unit of Grafana in grafana.libsonnet.
local UNITS = ['requests_per_second', 'seconds', 'bytes', 'ratio', 'count', 'cores', 'per_second'];

local query = t.record({
  expr: t.required(t.query, 'PromQL, with `$namespace`, `$__rate_interval` and `$__range`.'),
  legend: t.optional(t.text, 'What a series is called, with `{{label}}`.', ''),
});

local threshold = t.record({
  value: t.required(t.number, 'From which value on.'),
  severity: t.required(t.oneOf(['warning', 'critical']), 'What it is then.'),
});

local panel = t.record({
  title: t.required(t.filledText, 'What it is called: no other panel of the dashboard is called so.'),
  description: t.optional(t.text, 'What is to be known of it.', ''),
  kind: t.optional(t.oneOf(['timeseries', 'stat', 'table']), 'Lines over time, the last value, or the last values by label.', 'timeseries'),
  unit: t.optional(t.oneOf(UNITS), 'What its figures are.', 'count'),
  queries: t.required(t.list(query), 'What it shows.'),
  thresholds: t.optional(t.list(threshold), 'From where on a value is bad.', []),
  min: t.optional(t.number, 'The least value of the axis.'),
  max: t.optional(t.number, 'The greatest.'),
  width: t.optional(t.wholeNumber(1, 12), 'Of twelve columns.', 6),
  stack: t.optional(t.boolean, 'Whether lines are put on one another.', false),
});

local row = t.record({
  title: t.required(t.filledText, 'What it is about.'),
  panels: t.required(t.list(t.object), 'Panels.'),
});

local variable = t.record({
  name: t.required(t.word, 'What queries call it, after `$`.'),
  label: t.optional(t.text, 'What people call it.', function(config) config.name, '`name`'),
  query: t.required(t.query, 'Its values: `label_values(<series>, <label>)`.'),
  multi: t.optional(t.boolean, 'Whether several may be chosen, and all. Without, it is the first value until another one is chosen.', false),
});

local dashboard = t.record({
  name: t.required(t.name, 'Its name, which no other of the namespace has.'),
  title: t.required(t.filledText, 'What people call it.'),
  service: t.required(t.name, 'What it is about.'),
  runbook: t.optional(t.filledText, 'What to do: `docs/runbooks/<service>.md`, or an https address.'),
  variables: t.optional(t.list(variable), 'What may be chosen.', []),
  rows: t.required(t.list(t.object), 'Rows of panels.'),
});

// Items with the names by which messages tell of them.
local named(items) = std.mapWithIndex(
  function(index, item)
    local title = if std.isObject(item) then std.get(item, 'title') else null;
    { value: item, name: if std.isString(title) && title != '' then "'" + title + "'" else '#' + (index + 1) },
  items
);

local about(who, problems) = [who + ': ' + problem for problem in problems];

local panelProblems(one) = panel.problems('', one) + (
  if std.isObject(one) && std.get(one, 'queries') == [] then ['queries must have a query'] else []
);

local rowProblems(one) =
  local problems = row.problems('', one.value);
  about('row ' + one.name, problems) + (
    if problems != [] then [] else std.flattenArrays([
      about('panel %s of row %s' % [inner.name, one.name], panelProblems(inner.value))
      for inner in named(one.value.panels)
    ])
  );

// Of each title that several have, the rows.
local twiceProblems(rows) =
  local all = std.flattenArrays([[{ panel: inner.name, row: one.name } for inner in named(one.value.panels)] for one in rows]);
  [
    'panel %s must have a title of its own, got it in row %s' % [title, std.join(' and in row ', places)]
    for title in std.set([one.panel for one in all])
    for places in [[one.row for one in all if one.panel == title]]
    if std.length(places) > 1
  ];

// In Grafana a variable of this name says which Prometheus is asked.
local variableProblems(variables) = [
  'variables[%d].name must be another one than datasource, by which Grafana knows its Prometheus' % index
  for index in std.range(0, std.length(variables) - 1)
  if variables[index].name == 'datasource'
];

local problems(given) =
  local outer = dashboard.problems('', given);
  local rows = named(given.rows);
  local inner = std.flatMap(rowProblems, rows);
  local ofVariables = variableProblems(std.get(given, 'variables', []));
  if outer != [] then outer else if inner + ofVariables != [] then inner + ofVariables else twiceProblems(rows);

// Without what was left out and has no default.
local filled(value) = { [field]: value[field] for field in std.objectFields(value) if !std.member([null, '', []], value[field]) };

// isChecked: whether it is known to have no problems.
local model(given, isChecked=false) =
  local found = if isChecked then [] else problems(given);
  local who = if std.isObject(given) && std.isString(std.get(given, 'name')) then 'dashboard ' + given.name else 'dashboard';
  assert found == [] : who + ': ' + std.join('; ', found);
  local resolved = dashboard.resolve(given);
  filled(resolved) {
    variables: resolved.variables,
    rows: [row.resolve(one) { panels: [filled(panel.resolve(inner)) for inner in one.panels] } for one in given.rows],
  };

// What shows a model. A shorter interval would leave panels of Grafana empty whose series are not the component's own.
local inGrafana(model, namespace, interval) = grafana(
  model, namespace, if interval == null || t.seconds(interval) <= GRAFANA_SECONDS then null else interval
);
local configMapOf(model, namespace, labels, interval) = k.configMap(
  model.name + '-dashboard',
  namespace,
  { [model.name + '.json']: std.manifestJson(model) },
  labels { 'fathom.internal/dashboard': 'true' },
  if interval == null then {} else { 'fathom.internal/scrape-interval': interval },
);
local grafanaConfigMapOf(name, json, namespace, labels) = k.configMap(
  name + '-grafana', namespace, { [name + '.json']: json }, labels { grafana_dashboard: '1' }
);
local grafanaDashboardOf(name, json, namespace, labels) = k.grafanaDashboard(name, namespace, {
  allowCrossNamespaceImport: true,
  instanceSelector: { matchLabels: { dashboards: 'grafana' } },
  json: json,
  resyncPeriod: '10m',
}, labels);

// A row and a panel as they are documented: what is in them has its own checks, which know their titles.
local withFields(type, field, below) = type.parameters { [field]+: { type+: { parameters: below } } };

{
  // The parameters of a dashboard.
  parameters:: withFields(dashboard, 'rows', withFields(row, 'panels', panel.parameters)),

  // Returns what is wrong with a dashboard, as sentences.
  problems(dashboard):: problems(dashboard),

  // Returns a dashboard with all defaults in it; fails with all that is wrong.
  model(dashboard):: model(dashboard),

  // Returns a dashboard as Grafana 10 and later have it. interval: as of configMap.
  grafana(dashboard, namespace, interval=null):: inGrafana(model(dashboard), namespace, interval),

  // Returns the ConfigMap by which //services/dashboards finds a dashboard. interval: how often what it shows is scraped,
  // where that is not as often as Prometheus does by itself.
  configMap(dashboard, namespace, labels={}, interval=null):: configMapOf(model(dashboard), namespace, labels, interval),

  // Returns all of these by role: what shows a dashboard where the cluster `provides` it. namespace to interval: as of
  // configMap; isChecked: whether `problems` of it are known to be none.
  objects(dashboard, provides, namespace, labels={}, interval=null, isChecked=false)::
    local known = model(dashboard, isChecked);
    local json = std.manifestJson(inGrafana(known, namespace, interval));
    {
      dashboard: configMapOf(known, namespace, labels, interval),
      [if std.member(provides, 'grafana') then 'grafana']: grafanaConfigMapOf(known.name, json, namespace, labels),
      [if std.member(provides, 'grafana-operator') then 'grafanadashboard']: grafanaDashboardOf(known.name, json, namespace, labels),
    },

  // Returns the ConfigMap by which the sidecar of a Grafana finds it.
  grafanaConfigMap(dashboard, namespace, labels={}, interval=null):: grafanaConfigMapOf(
    dashboard.name, std.manifestJson($.grafana(dashboard, namespace, interval)), namespace, labels
  ),

  // Returns the object by which the operator of Grafana finds it.
  grafanaDashboard(dashboard, namespace, labels={}, interval=null):: grafanaDashboardOf(
    dashboard.name, std.manifestJson($.grafana(dashboard, namespace, interval)), namespace, labels
  ),
}
