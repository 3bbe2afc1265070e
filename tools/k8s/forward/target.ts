// Where a forwarded port leads: `service/web:http` or `pod/web-0:8080`, found anew for every connection.
import { ToolError } from '../../lib/errors.ts';
import { PODS } from '../deploy/cause.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Resource } from '../kube/discovery.ts';
import { getObject, listObjects } from '../kube/objects.ts';
import { type KubeObject, asList, asRecord, at, numberAt, textAt } from '../model/object.ts';

const SERVICES: Resource = { apiVersion: 'v1', kind: 'Service', plural: 'services', isNamespaced: true };

/** What a forward is to. */
export interface ForwardTarget {
  readonly kind: 'service' | 'pod';
  readonly name: string;
  /** A port's number, or its name. */
  readonly port: string;
}

/** A pod's port. */
export interface PodPort {
  readonly pod: string;
  readonly port: number;
}

/** Reads `service/NAME:PORT` or `pod/NAME:PORT`. Throws K8S_FORWARD_TARGET. */
export function parseTarget(text: string): ForwardTarget {
  const match = /^(service|pod)\/([a-z0-9][a-z0-9.-]{0,252}):([a-z0-9-]{1,15})$/.exec(text);
  const [, kind, name = '', port = ''] = match ?? [];
  const isPort = /^\d+$/.test(port) ? Number(port) >= 1 && Number(port) <= 65_535 : /[a-z]/.test(port);
  if (match === null || !isPort) {
    throw new ToolError('K8S_FORWARD_TARGET', `Reading the address '${text}': it is no place in a cluster`, {
      hint: 'Write `service/NAME:PORT` or `pod/NAME:PORT`, the port by its number or its name.',
    });
  }
  return { kind: kind as ForwardTarget['kind'], name, port };
}

/** `service/NAME:PORT` again. */
export function targetText({ kind, name, port }: ForwardTarget): string {
  return `${kind}/${name}:${port}`;
}

/** The ready pods behind a target, in no order that means anything. Throws K8S_FORWARD_TARGET. */
export async function podPortsOf(client: KubeClient, namespace: string, target: ForwardTarget): Promise<PodPort[]> {
  const { kind, name, port } = target;
  if (kind === 'pod') {
    const pod = await getObject(client, { resource: PODS, object: stub('Pod', namespace, name) });
    if (pod === undefined) throw missing(namespace, target, 'there is no such pod');
    return isReady(pod)
      ? [{ pod: name, port: containerPort(pod, port, () => missingPort(namespace, target, pod)) }]
      : [];
  }
  const service = await getObject(client, { resource: SERVICES, object: stub('Service', namespace, name) });
  if (service === undefined) {
    const others = (await listObjects(client, SERVICES, { namespace })).map(({ metadata }) => metadata.name);
    throw missing(
      namespace,
      target,
      `there is no such Service, there ${others.length === 0 ? 'is none' : `are: ${others.join(', ')}`}`,
    );
  }
  const ports = asList(at(service, 'spec', 'ports'));
  const entry = ports.find((one) => textAt(one, 'name') === port || String(numberAt(one, 'port')) === port);
  if (entry === undefined) {
    const known = ports.map((one) => textAt(one, 'name') ?? String(numberAt(one, 'port')));
    throw missing(namespace, target, `the Service has no such port, it has ${known.join(', ')}`);
  }
  const selector = Object.entries(asRecord(at(service, 'spec', 'selector')) ?? {});
  if (selector.length === 0) throw missing(namespace, target, 'the Service selects no pods');
  const labelSelector = selector.map(([key, value]) => `${key}=${String(value)}`).join(',');
  const pods = await listObjects(client, PODS, { namespace, labelSelector });
  const wanted = String(at(entry, 'targetPort') ?? numberAt(entry, 'port'));
  return pods.filter(isReady).map((pod) => ({
    pod: pod.metadata.name,
    port: containerPort(pod, wanted, () => missingPort(namespace, target, pod)),
  }));
}

function containerPort(pod: KubeObject, port: string, fail: () => ToolError): number {
  if (/^\d+$/.test(port)) return Number(port);
  for (const container of asList(at(pod, 'spec', 'containers'))) {
    const found = asList(at(container, 'ports')).find((one) => textAt(one, 'name') === port);
    const number = numberAt(found, 'containerPort');
    if (number !== undefined) return number;
  }
  throw fail();
}

function isReady(pod: KubeObject): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return asList(at(pod, 'status', 'conditions')).some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
}

const stub = (kind: string, namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace },
});

function missingPort(namespace: string, target: ForwardTarget, pod: KubeObject): ToolError {
  return missing(namespace, target, `pod ${pod.metadata.name} has no port of that name`);
}

function missing(namespace: string, target: ForwardTarget, problem: string): ToolError {
  return new ToolError('K8S_FORWARD_TARGET', `Forwarding to ${targetText(target)} in ${namespace}: ${problem}`, {
    hint: 'Correct the address: what the stack makes is in its rendered manifests (`bazel build` prints where).',
  });
}
