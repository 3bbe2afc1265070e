// What watches the registry: its rules and its dashboard, in its own namespace. ../cluster.jsonnet scrapes it.
local k = import 'jsonnet/kubernetes.libsonnet';
local monitoring = import 'jsonnet/monitoring.libsonnet';
local common = import 'prod/monitoring/common.libsonnet';

local panel(title, unit, expr, legend, more={}) = { title: title, unit: unit, queries: [{ expr: expr, legend: legend }], min: 0 } + more;
local perSecond(by, series) = 'sum by (%s) (rate(%s[$__rate_interval]))' % [by, series];
local quantile(part, by, series) = 'histogram_quantile(%s, sum by (le, %s) (rate(%s[$__rate_interval])))' % [part, by, series];

// environment: what the cluster `provides`, and where `runbooks` are.
function(environment={}) k.files(monitoring.watched({
  name: 'registry',
  namespace: 'registry',
  labels: common.labels('registry'),
  environment: environment,
  monitoring: {
    process: 'plain',
    slos: {
      // Nodes that cannot pull start no pod that they have not started before.
      availability: {
        objective: 99.5,
        errors: 'sum(rate(registry_http_requests_total{$self,code=~"5.."}[$window]))',
        total: 'sum(rate(registry_http_requests_total{$self}[$window]))',
      },
    },
    dashboard: {
      title: 'Registry',
      rows: [
        {
          title: 'Requests',
          panels: [
            panel('Requests', 'requests_per_second', perSecond('handler', 'registry_http_requests_total{$self}'), '{{handler}}', {
              description: 'By what they are about.',
            }),
            panel('Answers by code', 'requests_per_second', perSecond('code', 'registry_http_requests_total{$self}'), '{{code}}', { stack: true }),
            panel('Latency', 'seconds', quantile('0.99', 'method', 'registry_http_request_duration_seconds_bucket{$self}'), '{{method}}', {
              description: '99% of the requests took no longer.',
            }),
            panel('In flight', 'count', 'sum by (handler) (registry_http_in_flight_requests{$self})', '{{handler}}'),
          ],
        },
        {
          title: 'Images',
          panels: [
            panel('Pulled', 'bytes', 'sum(rate(registry_http_response_size_bytes_sum{$self}[$__rate_interval]))', 'a second'),
            panel('Pushed', 'bytes', 'sum(rate(registry_http_request_size_bytes_sum{$self}[$__rate_interval]))', 'a second'),
            panel('Storage', 'seconds', quantile('0.99', 'action', 'registry_storage_action_seconds_bucket{$self}'), '{{action}}', {
              description: '99% of what it did with its volume took no longer.',
            }),
          ],
        },
      ],
    },
  },
}))
