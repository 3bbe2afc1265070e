// Writes what a run does into the parents of the sets that it changes, before it begins and when it is done; and tells
// of it in the ConfigMaps beside them.
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { personName } from '../../lib/user.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeConnectionError } from '../kube/errors.ts';
import type { DeployRun } from '../model/deploys.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { imagesOf } from '../model/pod_spec.ts';
import { withoutValues } from '../secrets/in_objects.ts';
import { readCheckout } from './actor.ts';
import { placeKey, readInventory, unionOf } from './applyset.ts';
import { type History, NO_HISTORY, type Revision, readHistory, withRevision, withState } from './history.ts';
import { type Recorded, makeParent, parentOf, writeHistory, writeInventory } from './parents.ts';
import { type Plan, type PlannedSet, isChange } from './plan.ts';
import type { Progress } from './progress.ts';
import { withoutVersions } from './secret_versions.ts';
import type { Session } from './session.ts';
import { type Teller, openTeller } from './tell.ts';

const CONCURRENCY = 4;
const WORTH_TELLING_MS = 100;
/** What ends sooner than this after all was written is told of once. */
const TELL_AFTER_MS = 200;

/** What a rollback puts back, by set: `namespace/stack` → the revision's number. */
export type Restored = ReadonlyMap<string, number>;

/** The revisions that a run has begun. */
export interface RunRecord {
  /** Writes that all is done. Where the run goes on waiting, that is told a little later, in case it ends before. */
  finish(goesOn: boolean): Promise<void>;
  /** Tells how it ended: all is ready, or what was thrown. Does not fail. */
  end(error?: unknown): Promise<void>;
}

/** Options of {@link beginRecord}. */
export interface RecordOptions {
  readonly session: Session;
  readonly client: KubeClient;
  readonly progress: Progress;
  readonly verb: Revision['verb'];
  /** Default: nothing is restored. */
  readonly restored?: Restored;
}

/** The history of a set. */
export async function historyOf(
  client: KubeClient,
  set: Pick<LoadedSet, 'namespace' | 'stack'>,
): Promise<History | undefined> {
  const parent = await parentOf(client, set);
  return parent === undefined ? undefined : readHistory(parent);
}

/** A revision that a run has begun. */
interface Begun {
  readonly place: PlannedSet['after'];
  readonly history: History;
  readonly teller: Teller;
  readonly told: DeployRun;
  /** The uid of the parent. */
  readonly owner: string;
}

/** Whether a run writes into the history of a set. */
export function isChanged({ after }: PlannedSet, plan: Plan): boolean {
  return plan.objects.some(({ set, action }) => set === placeKey(after) && isChange(action));
}

/** Records the sets that `plan` changes, as begun. Their parents must be there, but for those of new sets: it makes them. */
export async function beginRecord(plan: Plan, options: RecordOptions): Promise<RunRecord> {
  const { client } = options;
  const changed = plan.sets.filter((set) => isChanged(set, plan));
  const common = changed.length === 0 ? undefined : await commonFacts(options);
  const begun = await mapLimited(changed, CONCURRENCY, (set) =>
    begin(set, { ...options, plan, common: common as NonNullable<typeof common> }),
  );
  // What an earlier run wrote to the end, but was cut off before it could say so.
  const finished = plan.sets.filter((set) => set.isUnfinished && !changed.includes(set));
  let isWritten = false;
  const tell = (those: readonly Begun[], facts: Partial<DeployRun>, isMaking: boolean) =>
    mapLimited(those, CONCURRENCY, ({ teller, told: run, owner, place }) =>
      teller.tell({ ...run, ...measured(options.progress, placeKey(place)), ...facts }, { owner, isMaking }),
    );
  const told = new LaterTold();
  return {
    async finish(goesOn) {
      const facts = { state: 'done' as const, finished: now() };
      // That of which nothing could be told yet is told of while it is nobody else's.
      const missing = begun.filter(({ teller, told: { run } }) => teller.newest?.run !== run);
      await Promise.all([
        mapLimited(begun, CONCURRENCY, ({ place, history }) => finish(client, place, history)),
        goesOn ? tell(missing, facts, true) : told.now(() => tell(begun, facts, true)),
        mapLimited(finished, CONCURRENCY, ({ after }) => finishEarlier(after, options)),
      ]);
      isWritten = true;
      // By then others may have the stack, or have deleted it.
      if (goesOn) told.later(TELL_AFTER_MS, () => tell(begun, facts, false));
    },
    async end(error) {
      const isTold = await told.settle();
      const code = error === undefined ? undefined : codeOf(error);
      // Another run has the stack by now.
      if (code === 'K8S_LOCK_LOST') return;
      // Nobody is there to be told, but that what is said by now is not so is worth a try.
      if (error instanceof KubeConnectionError && (isTold || !isWritten)) return;
      const waitMs = options.progress.phases.get('wait') ?? 0;
      // Where there was nothing to wait for, what was told when all was written says it all.
      if (isTold && error === undefined && waitMs < WORTH_TELLING_MS) return;
      const state = isWritten ? 'done' : 'started';
      await tell(begun, { state, finished: now(), ...(code === undefined ? {} : { error: code }) }, false);
    },
  };
}

/** What is told at once or a little later, once at most. */
class LaterTold {
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<unknown> | undefined;

  now(tell: () => Promise<unknown>): Promise<unknown> {
    return (this.#telling = tell());
  }

  later(afterMs: number, tell: () => Promise<unknown>): void {
    this.#timer = setTimeout(() => void this.now(tell), afterMs);
  }

  /** Whether it has been told; if not, it will not be. */
  async settle(): Promise<boolean> {
    clearTimeout(this.#timer);
    await this.#telling;
    return this.#telling !== undefined;
  }
}

interface BeginOptions extends RecordOptions {
  readonly plan: Plan;
  readonly common: Awaited<ReturnType<typeof commonFacts>>;
}

async function begin({ before, after: place }: PlannedSet, options: BeginOptions): Promise<Begun> {
  const { session, client } = options;
  const { log } = session;
  if (before === undefined) {
    const { next, told } = revise(place, NO_HISTORY, options);
    const made = await makeParent({ client, inventory: place, history: next });
    if (made !== undefined) {
      const teller = await openTeller({ client, log, place, isNew: true });
      const owner = made.parent.metadata.uid ?? '';
      await teller.tell(told, { owner });
      warnOfDropped(made, told, options);
      return { place, history: next, teller, told, owner };
    }
  }
  const [parent, teller] = await Promise.all([parentOf(client, place), openTeller({ client, log, place })]);
  // One that was made since this run has looked: what both have stays in it.
  if (before === undefined && parent !== undefined) await writeInventory(client, unionOf(readInventory(parent), place));
  const { next, told } = revise(place, readHistory(parent), options);
  const owner = parent?.metadata.uid ?? '';
  const [written] = await Promise.all([
    writeHistory({ client, inventory: place, history: next }),
    teller.tell(told, { owner }),
  ]);
  warnOfDropped(written, told, options);
  return { place, history: next, teller, told, owner };
}

/** The history with the revision that begins, and what is told of it. */
function revise(
  place: PlannedSet['after'],
  history: History,
  { plan, common, progress, restored }: BeginOptions,
): { readonly next: History; readonly told: DeployRun } {
  const key = placeKey(place);
  const own = plan.objects.filter(({ set }) => set === key);
  const objects = own
    .filter(({ action }) => action !== 'prune' && action !== 'keep')
    .map(({ object }) => withoutVersions(withoutValues(object)));
  const restores = restored?.get(key);
  const revision: Revision = {
    number: (history.revisions.at(-1)?.number ?? 0) + 1,
    ...common,
    images: [...new Set(objects.flatMap(imagesOf))].sort(),
    ...(restores === undefined ? {} : { restores }),
  };
  const told = { ...revision, ...measured(progress, key), images: revision.images.length, planned: own.length };
  return { next: withRevision(history, revision, objects), told };
}

function warnOfDropped({ parent, packed }: Recorded, { number, planned }: DeployRun, { session }: BeginOptions): void {
  if (!packed.dropped.includes(number)) return;
  const { stack, namespace } = readInventory(parent);
  session.log.warn(
    `${placeKey({ stack, namespace })}: its ${planned} objects do not fit into a Secret: no rollback to revision ${number}`,
  );
}

/** What a run has measured until now. */
function measured(progress: Progress, set: string): Pick<DeployRun, 'phases' | 'objects'> {
  const seconds = (ms: number) => Math.round(ms) / 1000;
  return {
    phases: Object.fromEntries([...progress.phases].map(([phase, ms]) => [phase, seconds(ms)])),
    objects: Object.fromEntries(progress.doneIn(set)),
  };
}

function codeOf(error: unknown): string {
  return error instanceof ToolError ? error.code : 'INTERNAL';
}

function now(): string {
  return new Date().toISOString();
}

async function finishEarlier(place: PlannedSet['after'], { client, session: { log } }: RecordOptions): Promise<void> {
  const [parent, teller] = await Promise.all([parentOf(client, place), openTeller({ client, log, place })]);
  if (parent === undefined) return;
  const history = readHistory(parent);
  await finish(client, place, history);
  // The run that is finished may be one that could not be told of: the newest that was told of is then an older one.
  if (teller.newest?.number !== history.revisions.at(-1)?.number) return;
  if (teller.newest === undefined || teller.newest.state === 'done') return;
  const { error: _error, ...told } = teller.newest;
  await teller.tell({ ...told, state: 'done', finished: now() }, { owner: parent.metadata.uid ?? '' });
}

async function finish(client: KubeClient, place: PlannedSet['after'], history: History): Promise<void> {
  await writeHistory({ client, inventory: place, history: withState(history, 'done') });
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
