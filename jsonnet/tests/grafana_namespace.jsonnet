// What may be chosen in Grafana: the namespace is the dashboard's own, unless it has a variable of that name.
local dashboards = import 'jsonnet/dashboards.libsonnet';

local chosen(variables) = dashboards.grafana({
  name: 'web',
  title: 'Web',
  service: 'web',
  variables: variables,
  rows: [{ title: 'Calls', panels: [{ title: 'Up', queries: [{ expr: 'up{namespace=~"$namespace"}' }] }] }],
}, 'prod').templating.list;

{
  own: chosen([{ name: 'namespace', label: 'Namespace', query: 'label_values(up, namespace)', multi: true }]),
  fixed: chosen([]),
}
