// Objects that tests apply.
import type { KubeObject } from '../model/object.ts';

/** A ConfigMap. */
export function configMap(name: string, namespace: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

/** A Service of the Deployment `web`. */
export function service(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

/** A Deployment `web`. */
export function deployment(namespace: string, replicas: number, image = 'example.com/web'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image, resources: { requests: { cpu: '1000m' } } }] },
      },
    },
  };
}

/** A Pod of the Deployment `web`. */
export function pod(name: string, namespace: string, spec: Readonly<Record<string, unknown>> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'example.com/web' }], ...spec },
  };
}

/** A Job `once`, whose template nobody can change. */
export function job(image: string): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once', namespace: 'default' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'once', image }] } } },
  };
}

/** A StatefulSet `db` without replicas, with claims of the template `data`. */
export function database(namespace: string): KubeObject {
  const labels = { app: 'db' };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace },
    spec: {
      ...{ replicas: 0, serviceName: 'db', selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'example.com/db' }] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
    },
  };
}

/** The definition of a kind of the group `example.com`, whose spec has these fields, whole numbers. */
export function definition(kind: string, fields: readonly string[]): KubeObject {
  const plural = `${kind.toLowerCase()}s`;
  const spec = { type: 'object', properties: Object.fromEntries(fields.map((field) => [field, { type: 'integer' }])) };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      ...{ group: 'example.com', names: { kind, plural }, scope: 'Namespaced' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

/** A custom resource of such a kind. */
export function custom(
  kind: string,
  place: { readonly name: string; readonly namespace: string },
  spec: Readonly<Record<string, number>>,
): KubeObject {
  return { apiVersion: 'example.com/v1', kind, metadata: place, spec };
}
