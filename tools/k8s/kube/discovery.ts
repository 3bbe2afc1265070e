// Which resources an API server serves: two requests, by aggregated discovery.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
import { ToolError } from '../../lib/errors.ts';
import { asList, at, groupOf, textAt } from '../model/object.ts';
import type { KubeClient } from './client.ts';

/** How the API serves one kind. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** The kinds that a server serves. */
export class Resources {
  readonly #byVersion = new Map<string, Resource>();
  readonly #byGroupKind = new Map<string, Resource>();

  constructor(resources: readonly Resource[]) {
    for (const resource of resources) {
      this.#byVersion.set(`${resource.apiVersion} ${resource.kind}`, resource);
      const group = groupOf(resource.apiVersion);
      const key = group === '' ? resource.kind : `${resource.kind}.${group}`;
      // Versions come in the server's order of preference.
      if (!this.#byGroupKind.has(key)) this.#byGroupKind.set(key, resource);
    }
  }

  find(object: { readonly apiVersion: string; readonly kind: string }): Resource | undefined {
    return this.#byVersion.get(`${object.apiVersion} ${object.kind}`);
  }

  /** The preferred version of `Deployment.apps`. */
  findGroupKind(groupKind: string): Resource | undefined {
    return this.#byGroupKind.get(groupKind);
  }
}

/** Of one form: servers have v2 from Kubernetes 1.30 on, v2beta1 from 1.27 on. */
const AGGREGATED = ['v2', 'v2beta1'].map(
  (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
);

/** Asks the server what it serves. Throws K8S_UNSUPPORTED, KubeStatusError and KubeConnectionError. */
export async function discover(client: KubeClient): Promise<Resources> {
  const answers = await Promise.all(
    ['/api', '/apis'].map((path) =>
      client.request({
        method: 'GET',
        path,
        accept: [...AGGREGATED, 'application/json'].join(','),
        doing: 'Asking for its resources',
      }),
    ),
  );
  return new Resources(answers.flatMap((answer) => groupsIn(answer, client).flatMap(resourcesOfGroup)));
}

/** A server that knows neither form answers with the names of groups alone. */
function groupsIn(answer: unknown, { access }: KubeClient): readonly unknown[] {
  const groups = at(answer, 'items');
  if (Array.isArray(groups)) return groups;
  throw new ToolError(
    'K8S_UNSUPPORTED',
    `Asking for its resources: ${access.server} (context '${access.context}') does not list them by aggregated discovery`,
    { hint: 'Use an API server of Kubernetes 1.27 or newer.' },
  );
}

function resourcesOfGroup(group: unknown): Resource[] {
  const name = textAt(group, 'metadata', 'name') ?? '';
  return asList(at(group, 'versions')).flatMap((version) => {
    const word = textAt(version, 'version') ?? '';
    const apiVersion = name === '' ? word : `${name}/${word}`;
    return asList(at(version, 'resources')).flatMap((resource): Resource[] => {
      const kind = textAt(resource, 'responseKind', 'kind');
      const plural = textAt(resource, 'resource');
      if (kind === undefined || plural === undefined) return [];
      return [{ apiVersion, kind, plural, isNamespaced: textAt(resource, 'scope') === 'Namespaced' }];
    });
  });
}

/** The path of a resource's collection, or of one object in it. */
export function pathOf(resource: Resource, place: { readonly namespace?: string; readonly name?: string }): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  const namespace = resource.isNamespaced && place.namespace !== undefined ? `/namespaces/${place.namespace}` : '';
  const name = place.name === undefined ? '' : `/${encodeURIComponent(place.name)}`;
  return `${root}${namespace}/${resource.plural}${name}`;
}
