// Writes what a run does into the parents of the sets that it changes: before it begins, and when it is done.
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { mapLimited } from '../../lib/limit.ts';
import { personName } from '../../lib/user.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { getObject } from '../kube/objects.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { imagesOf } from '../model/pod_spec.ts';
import { withoutValues } from '../secrets/in_objects.ts';
import { readCheckout } from './actor.ts';
import { REVISION, inventoryOf, parentName, parentObject, placeKey } from './applyset.ts';
import { type History, type Revision, packHistory, readHistory, withRevision, withState } from './history.ts';
import { type Plan, type PlannedSet, isChange } from './plan.ts';
import { SECRETS } from './read_sets.ts';
import { withoutVersions } from './secret_versions.ts';
import type { Session } from './session.ts';

/** Beside the manager of objects, so that neither takes away what the other wrote. */
const HISTORY_MANAGER = 'fathom-history';
const CONCURRENCY = 4;

/** What a rollback puts back, by set: `namespace/stack` → the revision's number. */
export type Restored = ReadonlyMap<string, number>;

/** The revisions that a run has begun. */
export interface RunRecord {
  /** Writes that all is done. */
  finish(): Promise<void>;
}

/** Options of {@link beginRecord}. */
export interface RecordOptions {
  readonly session: Session;
  readonly client: KubeClient;
  readonly verb: Revision['verb'];
  /** Default: nothing is restored. */
  readonly restored?: Restored;
}

/** The history of a set. */
export async function historyOf(
  client: KubeClient,
  set: Pick<LoadedSet, 'namespace' | 'stack'>,
): Promise<History | undefined> {
  const parent = await getObject(client, { resource: SECRETS, object: parentObject(inventoryOf(set, [], [])) });
  return parent === undefined ? undefined : readHistory(parent);
}

/** Records the sets that `plan` changes, as begun. Their parents must be there. */
export async function beginRecord(plan: Plan, options: RecordOptions): Promise<RunRecord> {
  const { session, client } = options;
  const changed = plan.sets.filter((set) => isChanged(set, plan));
  const common = changed.length === 0 ? undefined : await commonFacts(options);
  const begun = await mapLimited(changed, CONCURRENCY, async ({ after }) => {
    const history = (await historyOf(client, after)) ?? readHistory(undefined);
    const objects = plan.objects
      .filter(({ set, action }) => set === placeKey(after) && action !== 'prune' && action !== 'keep')
      .map(({ object }) => withoutVersions(withoutValues(object)));
    const restores = options.restored?.get(placeKey(after));
    const revision: Revision = {
      number: (history.revisions.at(-1)?.number ?? 0) + 1,
      ...(common as NonNullable<typeof common>),
      images: [...new Set(objects.flatMap(imagesOf))].sort(),
      ...(restores === undefined ? {} : { restores }),
    };
    const next = withRevision(history, revision, objects);
    const { dropped } = await writeHistory(client, after, next);
    if (dropped.includes(revision.number)) {
      session.log.warn(
        `${placeKey(after)}: its ${objects.length} objects do not fit into a Secret: no rollback to revision ${revision.number}`,
      );
    }
    return { place: after, history: next };
  });
  // What an earlier run wrote to the end, but was cut off before it could say so.
  const finished = plan.sets.filter((set) => set.isUnfinished && !changed.includes(set));
  return {
    async finish() {
      await mapLimited(begun, CONCURRENCY, ({ place, history }) => finish(client, place, history));
      await mapLimited(finished, CONCURRENCY, async ({ after }) => {
        const history = await historyOf(client, after);
        if (history !== undefined) await finish(client, after, history);
      });
    },
  };
}

async function finish(client: KubeClient, place: PlannedSet['after'], history: History): Promise<void> {
  await writeHistory(client, place, withState(history, 'done'));
}

function isChanged({ after }: PlannedSet, plan: Plan): boolean {
  return plan.objects.some(({ set, action }) => set === placeKey(after) && isChange(action));
}

async function commonFacts({ session, verb }: RecordOptions) {
  const checkout = await readCheckout(session.env);
  return {
    run: randomUUID(),
    verb,
    state: 'started' as const,
    who: `${personName(session.env)}@${hostname()}`,
    when: new Date().toISOString(),
    ...(checkout === undefined ? {} : { commit: checkout.commit, isDirty: checkout.changes.length > 0 }),
  };
}

async function writeHistory(client: KubeClient, place: Pick<LoadedSet, 'namespace' | 'stack'>, history: History) {
  const packed = packHistory(history);
  const newest = history.revisions.at(-1);
  const mark = newest === undefined ? null : `${newest.number}${newest.state === 'started' ? ' started' : ''}`;
  await client.request({
    method: 'PATCH',
    path: pathOf(SECRETS, { namespace: place.namespace, name: parentName(place.stack) }),
    query: { fieldManager: HISTORY_MANAGER },
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { [REVISION]: mark } }, data: packed.data },
    doing: `Recording the revision of ${placeKey(place)}`,
    isFinished: true,
  });
  return packed;
}
