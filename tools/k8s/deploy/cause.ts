// Why an object is not ready: what its pods, their events and their last log lines say.
import { errorText } from '../../lib/errors.ts';
import { redact } from '../../lib/redact.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Resource, pathOf } from '../kube/discovery.ts';
import { listObjects } from '../kube/objects.ts';
import { type KubeObject, asList, asRecord, at, numberAt, textAt } from '../model/object.ts';
import { podTrouble } from '../readiness/workloads.ts';

export const PODS: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', isNamespaced: true };
export const EVENTS: Resource = { apiVersion: 'v1', kind: 'Event', plural: 'events', isNamespaced: true };

const LOG_LINES = 5;
const SHOWN_EVENTS = 3;

/** Lines that explain why `object` is not ready; an empty list where nothing is known. Never throws. */
export async function causesOf(client: KubeClient, object: KubeObject): Promise<string[]> {
  try {
    const pods = await podsOf(client, object);
    const pod = pods.find((candidate) => !isReady(candidate)) ?? pods[0];
    const about = pod === undefined || isReady(pod) ? [object] : [object, pod];
    const [events, logs] = await Promise.all([
      Promise.all(about.map((one) => warningsOf(client, one))),
      pod === undefined || isReady(pod) ? [] : lastLines(client, pod),
    ]);
    const trouble = pod === undefined || isReady(pod) ? undefined : podTrouble(pod);
    const podLine = pod === undefined || trouble === undefined ? [] : [`pod ${pod.metadata.name}: ${trouble}`];
    return [...podLine, ...events.flat(), ...logs];
  } catch (error) {
    return [`(asking for the cause failed: ${errorText(error)})`];
  }
}

/**
 * The pods of a workload, the newest first; those being deleted last. Its selector may choose those of others as well, such
 * as a canary's beside it, or of what it was before it changed its kind: they are left out.
 */
export async function podsOf(client: KubeClient, object: KubeObject): Promise<KubeObject[]> {
  const pods = await selectedBy(client, object);
  return pods.filter((pod) => controllerOf(pod) === undefined || isMadeBy(pod, object));
}

/** The pods that a workload has made: they end with it, and nobody takes over those that have no controller. */
export async function podsMadeBy(client: KubeClient, object: KubeObject): Promise<KubeObject[]> {
  const pods = await selectedBy(client, object);
  return object.kind === 'Pod' ? pods : pods.filter((pod) => isMadeBy(pod, object));
}

async function selectedBy(client: KubeClient, object: KubeObject): Promise<KubeObject[]> {
  const { namespace, name } = object.metadata;
  if (namespace === undefined) return [];
  if (object.kind === 'Pod') {
    return listObjects(client, PODS, { namespace, fieldSelector: `metadata.name=${name}` });
  }
  const labelSelector = selectorOf(object);
  if (labelSelector === undefined) return [];
  const pods = await listObjects(client, PODS, { namespace, labelSelector });
  const age = ({ metadata }: KubeObject) =>
    `${metadata.deletionTimestamp === undefined ? '1' : '0'}${metadata.creationTimestamp ?? ''}`;
  return pods.sort((a, b) => age(b).localeCompare(age(a)));
}

function controllerOf({ metadata }: KubeObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

// A name with a hash is cut where it would be longer.
const MAX_NAME = 253;

/**
 * Whether a workload is the controller of a pod, or of the ReplicaSet that is. That one is named after its Deployment and
 * the hash that its pods have as label: nobody need be allowed to list ReplicaSets, nor be faster than their end.
 */
function isMadeBy(pod: KubeObject, { kind, metadata }: KubeObject): boolean {
  const controller = controllerOf(pod);
  if (kind !== 'Deployment') {
    const isNamed = controller?.kind === kind && controller.name === metadata.name;
    return kind === 'Pod' || (isNamed && (metadata.uid === undefined || controller.uid === metadata.uid));
  }
  const end = `-${pod.metadata.labels?.['pod-template-hash'] ?? ''}`;
  const name = `${metadata.name.slice(0, MAX_NAME - end.length)}${end}`;
  return controller?.kind === 'ReplicaSet' && controller.name === name;
}

/** The label selector of a workload's pods, in the API's text form. */
export function selectorOf(object: KubeObject): string | undefined {
  if (!['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].includes(object.kind)) return undefined;
  const labels = asRecord(at(object, 'spec', 'selector', 'matchLabels'));
  const equal = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  const expressions = asList(at(object, 'spec', 'selector', 'matchExpressions')).map((expression) => {
    const key = textAt(expression, 'key') ?? '';
    const values = asList(at(expression, 'values')).join(',');
    const operator = textAt(expression, 'operator');
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${values})`;
  });
  const all = [...equal, ...expressions];
  return all.length === 0 ? undefined : all.join(',');
}

/** Whether a pod says that it is ready. */
export function isReady(pod: KubeObject): boolean {
  return asList(at(pod, 'status', 'conditions')).some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
}

/** The last warnings about an object. */
export async function warningsOf(client: KubeClient, object: KubeObject): Promise<string[]> {
  const { namespace, uid } = object.metadata;
  if (namespace === undefined || uid === undefined) return [];
  const events = await listObjects(client, EVENTS, {
    namespace,
    fieldSelector: `involvedObject.uid=${uid},type=Warning`,
  });
  const time = (event: KubeObject) => textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? '';
  return events
    .sort((a, b) => time(b).localeCompare(time(a)))
    .slice(0, SHOWN_EVENTS)
    .map((event) => `event: ${textAt(event, 'reason') ?? ''}: ${(textAt(event, 'message') ?? '').trim()}`);
}

/** The last log lines of the container that is in trouble: of its run before, where it has ended. */
async function lastLines(client: KubeClient, pod: KubeObject): Promise<string[]> {
  const containers = [
    ...asList(at(pod, 'status', 'initContainerStatuses')),
    ...asList(at(pod, 'status', 'containerStatuses')),
  ];
  const troubled = containers.find((container) => at(container, 'ready') === false && hasRun(container));
  const name = textAt(troubled, 'name');
  if (name === undefined) return [];
  const isEnded = at(troubled, 'state', 'running') === undefined && (numberAt(troubled, 'restartCount') ?? 0) > 0;
  try {
    const text = await client.requestText({
      method: 'GET',
      path: `${pathOf(PODS, pod.metadata)}/log`,
      query: { container: name, tailLines: String(LOG_LINES), previous: isEnded ? 'true' : undefined },
      accept: '*/*',
      doing: `Reading the log of ${pod.metadata.name}`,
    });
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line) => redact(`log of ${name}: ${line}`));
  } catch {
    // The log is a help, not what was asked for.
    return [];
  }
}

function hasRun(container: unknown): boolean {
  const states = [at(container, 'state', 'running'), at(container, 'state', 'terminated')];
  return [...states, at(container, 'lastState', 'terminated')].some((state) => state !== undefined);
}
