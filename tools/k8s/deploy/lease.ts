// One Lease in the API: taken, renewed, taken over, given back.
// https://kubernetes.io/docs/concepts/architecture/leases/
import type { KubeClient } from '../kube/client.ts';
import { type Resource, pathOf } from '../kube/discovery.ts';
import { KubeStatusError, isNotFound, isStale } from '../kube/errors.ts';
import { getObject } from '../kube/objects.ts';
import { type KubeObject, numberAt, textAt } from '../model/object.ts';
import { type Holder, isDead } from './holder.ts';

export const LEASES: Resource = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  isNamespaced: true,
};

/** How long a lease lasts that nobody renews, in seconds. */
export const LEASE_SECONDS = 15;
const SPACE = 'fathom.internal/process-space';
const RUN = 'fathom.internal/run';

/** A lease's place. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** Who holds a lease. */
export interface HeldBy {
  readonly identity: string;
  /** Since when, RFC 3339. */
  readonly since: string;
}

/** What came of a try: the lease, who has it, or that it cannot be there (its namespace is missing or ending). */
export type Attempt =
  | { readonly kind: 'taken'; readonly lease: KubeObject }
  | { readonly kind: 'held'; readonly by: HeldBy }
  | { readonly kind: 'homeless' };

/** Tries to take one lease, again and again. Remembers what it saw, as clocks of machines differ. */
export class LeaseTaker {
  readonly #client: KubeClient;
  readonly #place: LeasePlace;
  readonly #holder: Holder;
  readonly #signal: AbortSignal;
  #seen: { readonly version: string; readonly atMs: number } | undefined;

  constructor(client: KubeClient, place: LeasePlace, holder: Holder, signal: AbortSignal) {
    this.#client = client;
    this.#place = place;
    this.#holder = holder;
    this.#signal = signal;
  }

  /** One try. Throws KubeStatusError, such as for missing rights. */
  async attempt(): Promise<Attempt> {
    const made = await this.#create();
    if (made !== undefined) return made;
    const current = await getObject(this.#client, {
      resource: LEASES,
      object: leaseObject(this.#place, this.#holder, 0),
    });
    // Given back just now: the caller tries again.
    if (current === undefined) return { kind: 'held', by: { identity: 'nobody', since: '' } };
    const by = holderOf(current);
    const isOurs = current.metadata.annotations?.[RUN] === this.#holder.run;
    if (!isOurs && !this.#isOver(current)) return { kind: 'held', by };
    const taken = await this.#replace(current);
    return taken === undefined ? { kind: 'held', by } : { kind: 'taken', lease: taken };
  }

  async #create(): Promise<Attempt | undefined> {
    try {
      const lease = (await this.#client.request({
        method: 'POST',
        path: pathOf(LEASES, { namespace: this.#place.namespace }),
        body: leaseObject(this.#place, this.#holder, 0),
        doing: `Locking ${this.#place.name}`,
        signal: this.#signal,
        // Repeated after a lost answer it finds the lease, held by this very run.
        isIdempotent: true,
      })) as KubeObject;
      return { kind: 'taken', lease };
    } catch (error) {
      if (!(error instanceof KubeStatusError)) throw error;
      if (error.reason === 'AlreadyExists') return undefined;
      const isEnding = error.causes.some(({ reason }) => reason === 'NamespaceTerminating');
      if (isNotFound(error) || isEnding) return { kind: 'homeless' };
      throw error;
    }
  }

  /** Whether its holder is dead, or has not renewed it for as long as it lasts. */
  #isOver(lease: KubeObject): boolean {
    if (isDead(holderOf(lease).identity, lease.metadata.annotations?.[SPACE] ?? '')) return true;
    const version = lease.metadata.resourceVersion ?? '';
    const nowMs = performance.now();
    if (this.#seen?.version !== version) {
      this.#seen = { version, atMs: nowMs };
      return false;
    }
    return nowMs - this.#seen.atMs >= (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? LEASE_SECONDS) * 1000;
  }

  async #replace(current: KubeObject): Promise<KubeObject | undefined> {
    const transitions = (numberAt(current, 'spec', 'leaseTransitions') ?? 0) + 1;
    const wanted = leaseObject(this.#place, this.#holder, transitions);
    return putLease(this.#client, { ...wanted, metadata: { ...wanted.metadata, ...versionOf(current) } }, this.#signal);
  }
}

/** Renews a lease that is held; undefined where somebody else took it. */
export async function renewLease(
  client: KubeClient,
  lease: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const spec = { ...(lease['spec'] as object), renewTime: microTime() };
  const { name, namespace, annotations } = lease.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), annotations, ...versionOf(lease) };
  const wanted = { apiVersion: lease.apiVersion, kind: lease.kind, metadata, spec } as KubeObject;
  const renewed = await putLease(client, wanted, signal);
  if (renewed !== undefined) return renewed;
  // A renewal whose answer was lost has changed the version, too.
  const current = await getObject(client, { resource: LEASES, object: lease }, { signal });
  const isOurs =
    current?.metadata.annotations?.[RUN] === annotations?.[RUN] &&
    textAt(current, 'spec', 'holderIdentity') === textAt(lease, 'spec', 'holderIdentity');
  return isOurs ? current : undefined;
}

/** Gives a lease back, where it is still the one that is held. */
export async function dropLease(client: KubeClient, lease: KubeObject, signal: AbortSignal): Promise<void> {
  try {
    await client.request({
      method: 'DELETE',
      path: pathOf(LEASES, lease.metadata),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: versionOf(lease) },
      doing: `Unlocking ${lease.metadata.name}`,
      signal,
    });
  } catch (error) {
    if (!isNotFound(error) && !isStale(error)) throw error;
  }
}

async function putLease(client: KubeClient, lease: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return (await client.request({
      method: 'PUT',
      path: pathOf(LEASES, lease.metadata),
      body: lease,
      doing: `Locking ${lease.metadata.name}`,
      signal,
    })) as KubeObject;
  } catch (error) {
    if (isNotFound(error) || isStale(error)) return undefined;
    throw error;
  }
}

function versionOf({ metadata }: KubeObject) {
  return { uid: metadata.uid ?? '', resourceVersion: metadata.resourceVersion ?? '' };
}

function leaseObject(
  { namespace, name }: LeasePlace,
  { identity, space, run }: Holder,
  transitions: number,
): KubeObject {
  const now = microTime();
  return {
    apiVersion: LEASES.apiVersion,
    kind: LEASES.kind,
    metadata: {
      name,
      namespace,
      annotations: { [SPACE]: space, [RUN]: run },
      labels: { 'app.kubernetes.io/managed-by': 'fathom' },
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: transitions,
    },
  };
}

/** Who holds a lease, and since when. */
export function holderOf(lease: KubeObject): HeldBy {
  return {
    identity: textAt(lease, 'spec', 'holderIdentity') ?? 'nobody',
    since: textAt(lease, 'spec', 'acquireTime') ?? '',
  };
}

/** Now, in the API's MicroTime. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
