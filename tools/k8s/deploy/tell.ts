// Tells of a stack's deploys in a ConfigMap beside its inventory, whose owner that is: it goes with that one, and with a
// stack of which a delete keeps something. What is told may be missing; no deploy fails for it.
import { errorText } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { retry } from '../../lib/retry.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Resource, pathOf } from '../kube/discovery.ts';
import { KubeStatusError, isNotFound, isStale, retryReason } from '../kube/errors.ts';
import { deleteObject, getObject } from '../kube/objects.ts';
import { DEPLOYS_KEY, DEPLOYS_LABEL, type DeployRun, TOLD_RUNS, readDeploys } from '../model/deploys.ts';
import type { KubeObject } from '../model/object.ts';
import { parentName, placeKey } from './applyset.ts';

/** How long it may take, also after the run was interrupted. */
const DEADLINE_MS = 5000;
const ATTEMPTS = 8;

/** Not that of the stacks' own objects. */
const MANAGER = 'fathom-deploys';
const CONFIG_MAPS: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };

interface Place {
  readonly namespace: string;
  readonly stack: string;
}

/** What is told of one stack. */
export interface Teller {
  /** The newest run that was told of. */
  readonly newest: DeployRun | undefined;
  /** Tells of a run, for the first time or anew. Where it cannot be told, that is said once. */
  tell(run: DeployRun, options: TellOptions): Promise<void>;
}

/** Options of {@link Teller.tell}. */
export interface TellOptions {
  /** The uid of the stack's inventory. */
  readonly owner: string;
  /** Whether a ConfigMap is made where this inventory has none; another's is then taken over. Default: true. */
  readonly isMaking?: boolean;
}

/** Options of {@link openTeller}. */
export interface TellerOptions {
  readonly client: KubeClient;
  readonly log: Pick<Log, 'warn'>;
  readonly place: Place;
  /** Whether there is nothing to read: what another inventory's runs left counts for nothing. Default: false. */
  readonly isNew?: boolean;
}

/** Reads what was told of a stack before. */
export async function openTeller({ client, log, place, isNew = false }: TellerOptions): Promise<Teller> {
  const target = { resource: CONFIG_MAPS, object: configMapOf(place) };
  let isRefused = false;
  let isSaid = false;
  const guarded = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return isRefused ? undefined : await work();
    } catch (error) {
      // Who may not write it now may not do so later in the same run.
      isRefused = error instanceof KubeStatusError;
      if (!isSaid) log.warn(`${placeKey(place)}: this deploy is not told of: ${errorText(error)}`);
      isSaid = true;
      return undefined;
    }
  };
  let known = isNew ? undefined : await guarded(() => getObject(client, target));
  return {
    get newest() {
      return readDeploys(known).at(-1);
    },
    async tell(run, { owner, isMaking = true }) {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const write = async (attempt: number) => {
        // Another run may have told of itself while this one waited until all is ready.
        const live = attempt === 1 ? known : await getObject(client, target, { signal });
        const isOurs = live?.metadata.ownerReferences?.some(({ uid }) => uid === owner) === true;
        // The stack is gone, or was deleted and made anew: what is there tells of others.
        if (!isOurs && !isMaking) return undefined;
        const runs = withRun(isOurs ? readDeploys(live) : [], run);
        return send(client, { place, owner, runs, live, signal });
      };
      const reason = (error: unknown) => (isStale(error) || isNotFound(error) ? {} : retryReason(error));
      const written = await guarded(() =>
        retry(write, { signal, reason, deadlineMs: DEADLINE_MS, attempts: ATTEMPTS, baseMs: 50 }),
      );
      known = written ?? known;
    },
  };
}

/**
 * Takes away what was told of a deleted stack whose inventory stays for what is kept: its deploys are over, and alerts and
 * lines would go on about them. Who may not do that leaves it. Throws KubeStatusError and KubeConnectionError.
 */
export async function untell(client: KubeClient, place: Place): Promise<void> {
  const target = { resource: CONFIG_MAPS, object: configMapOf(place) };
  try {
    const live = await getObject(client, target);
    if (live?.metadata.labels?.[DEPLOYS_LABEL] === 'true') await deleteObject(client, { ...target, object: live });
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.status !== 403) throw error;
  }
}

/** The runs with one more, or one changed. */
function withRun(runs: readonly DeployRun[], run: DeployRun): readonly DeployRun[] {
  const others = runs.filter(({ number }) => number !== run.number);
  return [...others, run].toSorted((a, b) => a.number - b.number).slice(-TOLD_RUNS);
}

interface Told {
  readonly place: Place;
  readonly owner: string;
  readonly runs: readonly DeployRun[];
  /** What is changed, in this version; undefined where there is none. */
  readonly live: KubeObject | undefined;
  readonly signal: AbortSignal;
}

async function send(client: KubeClient, { place, owner, runs, live, signal }: Told): Promise<KubeObject> {
  const { uid, resourceVersion } = live?.metadata ?? {};
  const object = configMapOf(place);
  const parent = { apiVersion: 'v1', kind: 'Secret', name: parentName(place.stack), uid: owner };
  return (await client.request({
    method: 'PATCH',
    path: pathOf(CONFIG_MAPS, object.metadata),
    query: { fieldManager: MANAGER, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: {
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: [parent],
        // With a version alone, one that is gone would be made anew.
        ...(uid === undefined ? {} : { uid, resourceVersion }),
      },
      data: { [DEPLOYS_KEY]: JSON.stringify(runs) },
    },
    doing: `Telling of a deploy of ${placeKey(place)}`,
    // It is of one version: after a conflict that is to be read anew.
    isIdempotent: false,
    signal,
  })) as KubeObject;
}

function configMapOf({ namespace, stack }: Place): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: parentName(stack),
      namespace,
      labels: { [DEPLOYS_LABEL]: 'true', 'app.kubernetes.io/managed-by': 'fathom' },
    },
  };
}
