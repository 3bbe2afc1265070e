// What Grafana asks of deploys, as a rule, for its test.
local rendered = import 'jsonnet/tests/service_watched.jsonnet';
local dashboard = std.parseJson(rendered.grafana.data['shop.json']);
{ groups: [{ name: 'grafana', rules: [
  { record: 'grafana:deploys', expr: annotation.expr }
  for annotation in dashboard.annotations.list
] }] }
