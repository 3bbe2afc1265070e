// What of a cluster may change objects on their way in: where something does, only the server knows what comes out.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
import type { Resource } from '../kube/discovery.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { listObjects } from '../kube/objects.ts';
import { type KubeObject, asList, at } from '../model/object.ts';
import type { Connected } from './session.ts';

const WEBHOOKS = 'MutatingWebhookConfiguration.admissionregistration.k8s.io';
const POLICIES = 'MutatingAdmissionPolicy.admissionregistration.k8s.io';

/** Whether something may change objects of a resource; all that is not known may. */
export type Mutations = (resource: Resource) => boolean;

/** Reads the webhooks and policies of the cluster; who may not list them must ask the server about each object. */
export async function readMutations({ client, resources }: Connected): Promise<Mutations> {
  const kinds = [WEBHOOKS, POLICIES].map((kind) => resources.findGroupKind(kind));
  try {
    const lists = await Promise.all(
      kinds.filter((kind) => kind !== undefined).map((kind) => listObjects(client, kind, {})),
    );
    const rules = lists.flat().flatMap(rulesOf);
    return (resource) => rules.some((rule) => isAbout(rule, resource));
  } catch (error) {
    if (error instanceof KubeStatusError && error.status === 403) return () => true;
    throw error;
  }
}

function rulesOf(object: KubeObject): unknown[] {
  const webhooks = asList(object['webhooks']).flatMap((webhook) => asList(at(webhook, 'rules')));
  return [...webhooks, ...asList(at(object, 'spec', 'matchConstraints', 'resourceRules'))];
}

/** Whether a rule is about objects of a resource. Groups do not count: rules stand for equivalent resources as well. */
function isAbout(rule: unknown, { plural }: Resource): boolean {
  return asList(at(rule, 'resources')).some((word) => ['*', '*/*', plural].includes(String(word)));
}
