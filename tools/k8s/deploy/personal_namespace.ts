// The namespace of a person: whose it is, until when it stays, and what it may use.
//
// Times are those of the API server's clock, as the machines of two people need not agree on what time it is.
import { ToolError } from '../../lib/errors.ts';
import { personName } from '../../lib/user.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Resource } from '../kube/discovery.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { applyObject, getObject } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import type { PersonalInput } from '../model/plan_input.ts';
import type { Desired } from './desired.ts';
import { parseDuration } from './options.ts';
import type { Connected, Session } from './session.ts';

export const NAMESPACES: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', isNamespaced: false };
const QUOTAS: Resource = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', isNamespaced: true };
const LIMITS: Resource = { apiVersion: 'v1', kind: 'LimitRange', plural: 'limitranges', isNamespaced: true };

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const KIND = 'fathom.internal/namespace';
/** The label of the owner: their name as a namespace. */
export const OWNER = 'fathom.internal/owner';
/** The owner's name as they have it. */
export const OWNER_NAME = 'fathom.internal/owner-name';
export const CREATED = 'fathom.internal/created';
export const EXPIRES = 'fathom.internal/expires';
/** How long this one namespace stays after an apply, in place of what the environment says: for tests. */
export const TTL = 'fathom.internal/ttl';
export const RELEASED = 'fathom.internal/released';
/** The name of quota and limits. */
export const GUARD_NAME = 'fathom-personal';

/** The object of a namespace. */
export function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [MANAGED_BY]: 'fathom' } } };
}

/** Whether a live namespace is the personal one of its name. One of before owners were written is, too. */
export function isOwn({ metadata }: KubeObject, person: string | undefined): boolean {
  const { labels = {}, annotations = {}, name } = metadata;
  if (labels[MANAGED_BY] !== 'fathom' && labels[OWNER] === undefined) return false;
  if (labels[KIND] !== 'personal' || (labels[OWNER] ?? name) !== name) return false;
  // Two names can have one namespace only where six digits of their hashes are the same.
  return person === undefined || (annotations[OWNER_NAME] ?? person) === person;
}

/** What {@link personalObject} goes by. */
export interface PersonalState {
  /** Undefined where there is none yet. */
  readonly live: KubeObject | undefined;
  /** The server's clock. */
  readonly nowMs: number;
  /** Whether its end is put off. */
  readonly isRenewed: boolean;
}

/** What a personal namespace must be. */
export function personalObject(session: Session, { live, nowMs, isRenewed }: PersonalState): KubeObject {
  const name = session.personal ?? '';
  const { annotations = {} } = live?.metadata ?? {};
  const ttlMs = isRenewed ? (ownTtl(annotations) ?? ttlOf(session.input.personal ?? undefined)) : undefined;
  const beforeMs = Date.parse(annotations[EXPIRES] ?? '');
  // Whoever has made it longer by hand meant it.
  const endMs = ttlMs === undefined ? beforeMs : Math.max(nowMs + ttlMs, Number.isNaN(beforeMs) ? 0 : beforeMs);
  const owner = session.pod === undefined ? personName(session.env) : annotations[OWNER_NAME];
  const isNew = live === undefined;
  const uid = live?.metadata.uid;
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      // Not another one that has got the name meanwhile.
      ...(uid === undefined ? {} : { uid }),
      labels: {
        [MANAGED_BY]: 'fathom',
        [KIND]: 'personal',
        [OWNER]: name,
        ...Object.fromEntries(
          ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
        ),
      },
      annotations: {
        ...(owner === undefined ? {} : { [OWNER_NAME]: owner }),
        // Only what was made here may be collected.
        ...(isNew ? { [CREATED]: timeText(nowMs) } : pick(annotations, CREATED)),
        ...(Number.isNaN(endMs) ? {} : { [EXPIRES]: timeText(endMs) }),
      },
    },
  };
}

function pick(annotations: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> {
  const value = annotations[name];
  return value === undefined ? {} : { [name]: value };
}

/** RFC 3339, whole seconds. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The namespace's own lifetime; one that cannot be read is none. */
function ownTtl(annotations: Readonly<Record<string, string>>): number | undefined {
  const seconds = /^([1-9]\d{0,6})s$/.exec(annotations[TTL] ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function ttlOf(personal: PersonalInput | undefined): number | undefined {
  if (personal?.ttl === undefined) return undefined;
  const ttlMs = parseDuration(personal.ttl, "'ttl' of personal in cluster_constants.bzl");
  if (ttlMs > 0) return ttlMs;
  throw new ToolError('K8S_USAGE', `Reading cluster_constants.bzl: 'ttl' of personal is '${personal.ttl}'`, {
    hint: 'Write how long a personal namespace stays after its last apply, such as "72h".',
  });
}

/** The quota and limits of a personal namespace, as far as its environment has some. */
export function guardObjects(session: Session): Desired[] {
  const { personal: namespace, input } = session;
  const { quota, limits } = input.personal ?? {};
  if (namespace === undefined) return [];
  const metadata = { name: GUARD_NAME, namespace, labels: { [MANAGED_BY]: 'fathom' } };
  const set = { label: input.label, stack: '', namespace, objects: [] };
  const desired = (resource: Resource, spec: object): Desired => ({
    object: { apiVersion: 'v1', kind: resource.kind, metadata, spec },
    ...{ resource, isServed: true, label: input.label, set },
  });
  return [
    ...(limits === undefined ? [] : [desired(LIMITS, { limits: [{ type: 'Container', ...limits }] })]),
    ...(quota === undefined ? [] : [desired(QUOTAS, { hard: quota })]),
  ];
}

/** The person's live namespace; undefined where it is not there, or the stack is for nobody. Throws K8S_NAMESPACE_FOREIGN. */
export async function findPersonal(session: Session, client: KubeClient): Promise<KubeObject | undefined> {
  const { personal, pod } = session;
  if (personal === undefined) return undefined;
  const live = await getObject(client, { resource: NAMESPACES, object: namespaceObject(personal) });
  // A pod is in its own namespace, whoever has made it.
  if (live === undefined || pod?.namespace === personal) return live;
  const person = personName(session.env);
  if (isOwn(live, person)) return live;
  const { labels = {}, annotations = {} } = live.metadata;
  const owner = annotations[OWNER_NAME] ?? labels[OWNER];
  const problem = owner === undefined ? 'it is no personal namespace' : `it belongs to '${owner}'`;
  throw new ToolError('K8S_NAMESPACE_FOREIGN', `Using namespace '${personal}' as that of '${person}': ${problem}`, {
    hint: `Set FATHOM_USER to another name; or, where it is meant for you, let an administrator say so: \`kubectl label namespace ${personal} ${KIND}=personal ${OWNER}=${personal}\`.`,
  });
}

/** Puts off the end of the person's namespace. Before it is used: from then on nobody collects it. */
export async function renewPersonal(session: Session, { client }: Connected): Promise<void> {
  const live = await findPersonal(session, client);
  if (live === undefined || live.metadata.deletionTimestamp !== undefined || !isOwn(live, undefined)) return;
  const object = personalObject(session, { live, nowMs: client.nowMs(), isRenewed: true });
  try {
    await applyObject(client, { resource: NAMESPACES, object }, { isDryRun: false, isForced: true });
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.status !== 403) throw error;
    // Who was given a namespace need not have the right to change it.
    const end = live.metadata.annotations?.[EXPIRES];
    if (end !== undefined) session.log.warn(`namespace ${object.metadata.name} expires at ${end}: ${error.said}`);
  }
}

/**
 * What is said where rights are missing for a personal namespace that is not there: whoever may not make it mostly has
 * none in it either.
 */
export function explainMissingRight(error: unknown, session: Session): unknown {
  const denied = [error, error instanceof ToolError ? error.cause : undefined].find(
    (one) => one instanceof KubeStatusError && one.status === 403,
  );
  if (session.personal === undefined || !(denied instanceof KubeStatusError)) return error;
  const name = session.personal;
  const label = `${KIND}=personal ${OWNER}=${name}`;
  return new ToolError(
    'K8S_NAMESPACE_FORBIDDEN',
    `Making namespace '${name}', which is not there yet: ${denied.said}`,
    {
      cause: denied,
      hint: `Let an administrator make it, \`kubectl create namespace ${name} && kubectl label namespace ${name} ${label}\`, and grant what \`bazel run ${session.input.label}.rbac\` prints.`,
    },
  );
}
