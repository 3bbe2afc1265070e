// The objects of the hello service, each in a file of its own. `service` is what BUILD.bazel says of it.
local service = std.extVar('service');
local labels = { 'app.kubernetes.io/name': service.name };

{
  'deployment.json': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: service.name, namespace: service.namespace, labels: labels },
    spec: {
      replicas: service.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: labels },
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [{
            name: service.name,
            image: service.image,
            ports: [{ name: 'http', containerPort: service.port }],
            readinessProbe: { httpGet: { path: '/', port: 'http' } },
            resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
              readOnlyRootFilesystem: true,
            },
          }],
        },
      },
    },
  },
  'service.json': {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name, namespace: service.namespace, labels: labels },
    spec: { selector: labels, ports: [{ name: 'http', port: service.port, targetPort: 'http' }] },
  },
  'namespace.json': {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: service.namespace },
  },
}
