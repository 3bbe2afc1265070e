// Objects with which nothing is wrong, one of each kind that tests change for the worse.
import type { KubeObject } from '../../model/object.ts';

const labels = { app: 'web' };

const container = {
  name: 'web',
  image: 'registry.example.com/web:1.2.3',
  command: ['/web'],
  env: [
    { name: 'LEVEL', value: 'info' },
    { name: 'PORT', value: '8080' },
  ],
  ports: [{ name: 'http', containerPort: 8080 }],
  readinessProbe: { httpGet: { path: '/', port: 'http' } },
  resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
};

const podSpec = {
  securityContext: { runAsNonRoot: true },
  containers: [container],
  volumes: [{ name: 'tmp', emptyDir: {} }],
};

function object(
  apiVersion: string,
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  namespace = 'prod',
): KubeObject {
  return { apiVersion, kind, metadata: { name: 'web', ...(namespace === '' ? {} : { namespace }) }, ...fields };
}

/** The kind of {@link GOOD}.widget: what a CustomResourceDefinition may say, in few words. */
export const WIDGETS: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 1, maximum: 10 },
                  port: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
                  level: { type: 'string', enum: ['low', 'high'] },
                  interval: { type: 'string', pattern: '^[0-9]+s$' },
                  note: { type: 'string', nullable: true },
                  settings: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  template: {
                    type: 'object',
                    'x-kubernetes-embedded-resource': true,
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                  source: {
                    type: 'object',
                    properties: { file: { type: 'string' }, text: { type: 'string' } },
                    oneOf: [{ required: ['file'] }, { required: ['text'] }],
                  },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                  },
                },
              },
            },
          },
        },
      },
      { name: 'v1alpha1', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning: 'example.com/v1beta1 Widget is deprecated; use example.com/v1',
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** The objects. */
export const GOOD = {
  configMap: object('v1', 'ConfigMap', { data: { file: 'text' } }),
  cronJob: object('batch/v1', 'CronJob', {
    spec: {
      schedule: '@daily',
      jobTemplate: { spec: { backoffLimit: 2, template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
    },
  }),
  deployment: object('apps/v1', 'Deployment', {
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  }),
  ingress: object('networking.k8s.io/v1', 'Ingress', {
    spec: {
      rules: [
        {
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }],
          },
        },
      ],
    },
  }),
  networkPolicy: object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: {
      podSelector: { matchLabels: labels },
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'http' }] }],
    },
  }),
  persistentVolume: object(
    'v1',
    'PersistentVolume',
    { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], nfs: { server: 'nfs', path: '/' } } },
    '',
  ),
  role: object('rbac.authorization.k8s.io/v1', 'Role', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }),
  roleBinding: object('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'prod' }],
  }),
  scaler: object('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 3,
    },
  }),
  secret: {
    ...object('v1', 'Secret', { data: { key: 'c2VjcmV0', wrapped: 'c2Vj\ncmV0\n' }, type: 'Opaque' }),
    metadata: { name: 'web', namespace: 'prod', annotations: { 'fathom.internal/allow': 'secret-values' } },
  },
  referringSecret: {
    ...object('v1', 'Secret', {
      data: { later: '' },
      stringData: {
        password: '${fathom-secret://env/PASSWORD}',
        url: 'redis://:${fathom-secret://env/PASSWORD}@redis',
      },
    }),
    metadata: { name: 'referring', namespace: 'prod' },
  },
  service: object('v1', 'Service', {
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  }),
  statefulSet: object('apps/v1', 'StatefulSet', {
    spec: {
      serviceName: 'web',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec },
    },
  }),
  widget: object('example.com/v1', 'Widget', {
    spec: {
      size: 3,
      port: 'http',
      level: 'low',
      interval: '5s',
      note: null,
      settings: { any: { thing: [1, 'two'] } },
      template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: {} },
      source: { file: 'x' },
      parts: [{ name: 'a' }, { name: 'b' }],
    },
  }),
} as const satisfies Readonly<Record<string, KubeObject>>;
