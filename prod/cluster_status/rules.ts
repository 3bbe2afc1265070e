// PrometheusRules that Prometheus does not have. The operator leaves out what it refuses, and Prometheus knows nothing of it.
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import type { Resource } from '../../tools/k8s/kube/discovery.ts';
import { listObjects } from '../../tools/k8s/kube/objects.ts';
import { asList, at, type KubeObject, textAt } from '../../tools/k8s/model/object.ts';

const RULES: Resource = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  plural: 'prometheusrules',
  isNamespaced: true,
};

/**
 * The operator writes them to a ConfigMap, the kubelet to the pod's files once a minute or so, and Prometheus then reads
 * these: until all three have, a rule is no fault.
 */
const YOUNG_MS = 180_000;

/** Options of {@link unloadedRules}. */
export interface UnloadedRulesOptions {
  /** Names of those that are younger are left out. Default: {@link YOUNG_MS}. */
  readonly youngMs?: number | undefined;
}

/** The name of the file that the operator makes of a PrometheusRule: its namespace and name do not tell where one ends. */
export function ruleFileOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}-${metadata.name}-${metadata.uid ?? ''}.yaml`;
}

/** `PrometheusRule shop/web`, for each that has rules of which Prometheus has none. groups: all that Prometheus has. */
export async function unloadedRules(
  client: KubeClient,
  groups: readonly unknown[],
  { youngMs = YOUNG_MS }: UnloadedRulesOptions,
): Promise<readonly string[]> {
  const loaded = new Set(groups.map((group) => (textAt(group, 'file') ?? '').split('/').at(-1)));
  const isOld = ({ metadata }: KubeObject) => Date.now() - Date.parse(metadata.creationTimestamp ?? '') >= youngMs;
  const hasRules = (object: KubeObject) =>
    asList(at(object, 'spec', 'groups')).some((group) => asList(at(group, 'rules')).length > 0);
  return (await listObjects(client, RULES, {}))
    .filter((object) => hasRules(object) && isOld(object) && !loaded.has(ruleFileOf(object)))
    .map(({ metadata: { namespace = '', name } }) => `${RULES.kind} ${namespace}/${name}`);
}
