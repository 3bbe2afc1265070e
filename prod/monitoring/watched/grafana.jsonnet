// What a Grafana gets of what is no service, for its test: dashboards, and where their runbooks and those of alerts are.
local deploys = import 'prod/monitoring/deploys.jsonnet';
local cluster = import 'prod/monitoring/watched/cluster.jsonnet';
local registry = import 'prod/monitoring/watched/registry.jsonnet';

local about(files) = {
  local dashboards = [
    std.parseJson(text)
    for text in std.objectValues(files['grafana.json'].data) + [files['grafanadashboard.json'].spec.json]
  ],
  files: { [name]: '%(kind)s %(namespace)s/%(name)s' % (files[name].metadata { kind: files[name].kind }) for name in std.objectFields(files) },
  titles: [one.title for one in dashboards],
  links: [link.url for one in dashboards for link in one.links],
  variables: [variable.name for variable in dashboards[0].templating.list],
  runbooks: std.set([
    std.splitLimit(rule.annotations.runbook_url, '#', 1)[0]
    for group in files['prometheusrule.json'].spec.groups
    for rule in group.rules
    if std.objectHas(rule, 'annotations')
  ]),
};

function(environment) {
  cluster: about(cluster(environment)),
  registry: about(registry(environment)),
  deploys: about(deploys(environment)),
}
