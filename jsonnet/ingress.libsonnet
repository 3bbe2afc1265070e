// A way in from outside, by an ingress controller.
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local routes = import 'routes.libsonnet';
local t = import 'types.libsonnet';

component({
  kind: 'ingress',
  doc: 'A way in from outside by an ingress controller. The services that it leads to name the pods of that controller in their `callers`.',
  notes: [],
  parameters: routes.parameters {
    className: t.optional(t.text, 'The ingress class. Left out, the default of the cluster.', ''),
    routes: t.required(t.list(t.record(routes.backend {
      path: t.optional(t.text, 'Which paths.', '/'),
      pathType: t.optional(t.oneOf(['Prefix', 'Exact']), 'Whether `path` is the beginning of them.', 'Prefix'),
    })), 'Where requests go.'),
  },
  roles: { ingress: 'always' },
  checks(config)::
    (if config.routes == [] || config.hosts == [] then ['must provide hosts and routes, at least one of each'] else []) +
    routes.checks('routes', config.routes),
  render(config):: {
    ingress: k.ingress(config.name, config.environment.namespace, {
      [if config.className != '' then 'ingressClassName']: config.className,
      [if config.tlsSecretName != null then 'tls']: [{ hosts: config.hosts, secretName: config.tlsSecretName }],
      rules: [
        {
          host: host,
          http: { paths: [
            {
              path: route.path,
              pathType: route.pathType,
              backend: { service: { name: route.service.metadata.name, port: { name: route.port } } },
            }
            for route in config.routes
          ] },
        }
        for host in config.hosts
      ],
    }, labels.all(config.name, config.partOf), config.annotations),
  },
})
