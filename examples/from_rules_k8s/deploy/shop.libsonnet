// The objects of the shop.
local labels(name) = { app: name, shop: std.extVar('shop') };

{
  deployment(name, image, replicas):: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: name, labels: labels(name) },
    spec: {
      replicas: replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: labels(name), annotations: { motto: importstr 'motto.txt' } },
        spec: { containers: [{ name: name, image: image, ports: [{ containerPort: 8080 }] }] },
      },
    },
  },

  service(name):: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: name, labels: labels(name) },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  },
}
