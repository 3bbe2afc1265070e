// A checked dashboard of dashboards.libsonnet as Grafana 10 and later have it.
local runbooks = import 'runbooks.libsonnet';

local UNITS = {
  requests_per_second: 'reqps',
  seconds: 's',
  bytes: 'bytes',
  ratio: 'percentunit',
  count: 'short',
  cores: 'none',
  per_second: 'cps',
};
local COLOURS = { warning: 'orange', critical: 'red' };
local HEIGHTS = { timeseries: 8, stat: 4, table: 8 };
local COLUMNS = 24;
local SOURCE = { type: 'prometheus', uid: '${datasource}' };

// Where the panels of a row are, from the line `top` on: as many beside one another as have room.
local placed(panels, top) = std.foldl(
  function(done, panel)
    local width = panel.width * COLUMNS / 12;
    local height = HEIGHTS[panel.kind];
    local fits = done.x + width <= COLUMNS;
    local at = if fits then { x: done.x, y: done.y } else { x: 0, y: done.y + done.height };
    {
      x: at.x + width,
      y: at.y,
      height: if fits then std.max(done.height, height) else height,
      panels: done.panels + [{ panel: panel, grid: { h: height, w: width } + at }],
    },
  panels,
  { x: 0, y: top, height: 0, panels: [] },
);

local thresholds(panel) = {
  mode: 'absolute',
  steps: [{ color: 'green', value: null }] + std.sort(
    [{ color: COLOURS[one.severity], value: one.value } for one in std.get(panel, 'thresholds', [])],
    function(step) step.value,
  ),
};

// What only one kind of panel has.
local OF_KIND = {
  timeseries(panel):: {
    fieldConfig+: { defaults+: { custom: {
      fillOpacity: if panel.stack then 40 else 10,
      lineWidth: 1,
      showPoints: 'never',
      stacking: { mode: if panel.stack then 'normal' else 'none', group: 'A' },
      thresholdsStyle: { mode: if std.objectHas(panel, 'thresholds') then 'line' else 'off' },
    } } },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },
  stat(panel):: {
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: 'auto',
    },
  },
  table(panel):: {
    options: { showHeader: true },
    transformations: [
      { id: 'merge', options: {} },
      { id: 'organize', options: { excludeByName: { Time: true, __name__: true } } },
    ],
  },
};

local target(panel, index, interval) =
  local query = panel.queries[index];
  local isOfNow = panel.kind != 'timeseries';
  {
    datasource: SOURCE,
    editorMode: 'code',
    expr: query.expr,
    format: if panel.kind == 'table' then 'table' else 'time_series',
    instant: isOfNow,
    // By it Grafana chooses $__rate_interval, instead of by what its data source says.
    [if interval != null then 'interval']: interval,
    legendFormat: if std.get(query, 'legend', '') == '' then '__auto' else query.legend,
    range: !isOfNow,
    refId: std.char(std.codepoint('A') + index),
  };

local panelOf(placed, id, interval) =
  local panel = { stack: false } + placed.panel;
  {
    id: id,
    type: panel.kind,
    title: panel.title,
    [if std.objectHas(panel, 'description') then 'description']: panel.description,
    datasource: SOURCE,
    gridPos: placed.grid,
    fieldConfig: {
      defaults: {
        unit: UNITS[panel.unit],
        thresholds: thresholds(panel),
        [if std.objectHas(panel, 'min') then 'min']: panel.min,
        [if std.objectHas(panel, 'max') then 'max']: panel.max,
      },
      overrides: [],
    },
    targets: [target(panel, index, interval) for index in std.range(0, std.length(panel.queries) - 1)],
  } + OF_KIND[panel.kind](panel);

local rowOf(title, id, y) = {
  id: id,
  type: 'row',
  title: title,
  collapsed: false,
  gridPos: { h: 1, w: COLUMNS, x: 0, y: y },
  panels: [],
};

local panelsOf(rows, interval) = std.foldl(
  function(done, row)
    local body = placed(row.panels, done.y + 1);
    local first = std.length(done.panels) + 1;
    {
      y: body.y + body.height,
      panels: done.panels + [rowOf(row.title, first, done.y)] +
              std.mapWithIndex(function(index, one) panelOf(one, first + 1 + index, interval), body.panels),
    },
  rows,
  { y: 0, panels: [] },
).panels;

local NAMESPACE(namespace) = {
  type: 'constant',
  name: 'namespace',
  hide: 2,
  query: namespace,
  current: { selected: false, text: namespace, value: namespace },
};

local variableOf(variable) = {
  type: 'query',
  name: variable.name,
  label: variable.label,
  datasource: SOURCE,
  definition: variable.query,
  query: { qryType: 1, query: variable.query, refId: 'variable' },
  includeAll: variable.multi,
  [if variable.multi then 'allValue']: '.*',
  multi: variable.multi,
  // At each change of the time range.
  refresh: 2,
  sort: 1,
};

// Deploys as vertical lines, as the page of //services/dashboards has them: of the stack that is called as the service is.
// A value is when the newest deploy began, in milliseconds; where the time range has several values, each is a line of its
// own. What is there of a deploy stands in both metrics of one scrape.
// https://grafana.com/docs/grafana/latest/datasources/prometheus/annotations/
local deploysOf(service, namespace) =
  local stack = 'namespace="' + namespace + '",stack="' + service + '"';
  {
    name: 'Deploys',
    datasource: SOURCE,
    enable: true,
    hide: false,
    iconColor: 'blue',
    // What has no commit has an empty one, and titles would show the label's name instead.
    expr: std.strReplace(
      |||
        label_replace(
          1000 * max by (revision, verb, who, commit) (
            fathom_deploy_info{$stack} * on (namespace, stack, instance) group_left () fathom_deploy_started_timestamp_seconds{$stack}
          ),
          "commit", "unknown", "commit", ""
        )
      |||,
      '$stack',
      stack
    ),
    step: '60s',
    titleFormat: '{{verb}} {{revision}} by {{who}}',
    textFormat: 'Commit {{commit}}',
    tagKeys: 'verb',
    useValueForTime: true,
  };

// Without a uid: Grafana makes one, so that the same dashboard of two namespaces is two. interval: how often what it shows
// is scraped, or null where a data source knows.
function(dashboard, namespace, interval=null) {
  title: dashboard.title + ' (' + namespace + ')',
  annotations: { list: [deploysOf(dashboard.service, namespace)] },
  tags: ['fathom', dashboard.service],
  editable: false,
  graphTooltip: 1,
  links: [
    { title: 'Runbook', type: 'link', icon: 'doc', url: dashboard.runbook, targetBlank: true }
    for _ in [0]
    if runbooks.isAddress(std.get(dashboard, 'runbook', ''))
  ],
  panels: panelsOf(dashboard.rows, interval),
  refresh: '30s',
  schemaVersion: 39,
  templating: {
    list: [
      { type: 'datasource', name: 'datasource', label: 'Prometheus', query: 'prometheus', refresh: 1 },
    ] + [
      NAMESPACE(namespace)
      for _ in [0]
      if !std.member([variable.name for variable in dashboard.variables], 'namespace')
    ] + [variableOf(variable) for variable in dashboard.variables],
  },
  time: { from: 'now-1h', to: 'now' },
  timezone: 'browser',
}
