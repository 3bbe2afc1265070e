// Carries a plan out: phases in order, within a phase everything at once, each object after what it depends on.
import { mapLimited } from '../../lib/limit.ts';
import { retry } from '../../lib/retry.ts';
import { KubeStatusError, isNotFound } from '../kube/errors.ts';
import { type Target, applyObject, deleteObject } from '../kube/objects.ts';
import { type KubeObject, groupKind, keyOf } from '../model/object.ts';
import { isSameInventory, unionOf } from './applyset.ts';
import { changedKinds, isRefusal } from './definitions.ts';
import { PHASES, dependencies, isBeforePods, phaseOf } from './order.ts';
import { type Plan, type PlannedObject, isChange, wanted } from './plan.ts';
import { NAMESPACES, explainMissingRight } from './personal_namespace.ts';
import { replaceAsApplied } from './replace.ts';
import { explain } from './problems.ts';
import type { Revision } from './history.ts';
import { writeInventory } from './parents.ts';
import { type Restored, type RunRecord, beginRecord, isChanged } from './record.ts';
import type { Progress } from './progress.ts';
import type { Lock } from './lock.ts';
import type { Connected, Session } from './session.ts';
import { type WaitOptions, waitGone, waitReady } from './wait.ts';

const CONCURRENCY = 16;

/** How {@link execute} works. */
export interface ExecuteOptions {
  readonly session: Session;
  readonly connected: Connected;
  readonly progress: Progress;
  readonly lock: Lock;
  /** What the run is called in the stack's history. */
  readonly verb: Revision['verb'];
  /** What it puts back. Default: nothing. */
  readonly restored?: Restored;
  /** Whether existing objects are put in place as a whole. */
  readonly isReplacing: boolean;
}

/** Applies, prunes and waits. Throws PlanOldError and K8S_* errors; a second run continues where this one stopped. */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<void> {
  const { session, progress } = options;
  const { timeoutMs, isWaiting } = session.options;
  const { client } = options.connected;
  const wait = {
    client,
    progress,
    signal: session.signal,
    timeoutMs,
    deadlineMs: performance.now() + timeoutMs,
  };
  const work: Work = {
    ...options,
    wait,
    edges: dependencies(
      wanted(plan).map(({ object }) => object),
      { isLenient: options.verb === 'rollback' },
    ),
    changing: changedKinds(plan.objects),
    started: new Map(),
    record: undefined,
  };

  try {
    const applied = await progress.phase('apply', () => applyAll(plan, work));
    await progress.phase('prune', () => prune(plan, work));
    await writeParents(plan, work, 'after');
    await work.record?.finish(isWaiting);
    // Whoever comes with a remedy need not wait until this run has seen that it waits in vain.
    await options.lock.release();
    if (!isWaiting) return;
    await progress.phase('wait', () => waitReady(applied, wait));
    await work.record?.end();
  } catch (error) {
    await work.record?.end(error);
    throw error;
  }
}

/** Phase after phase. The result is what was applied, as it is now. */
async function applyAll(plan: Plan, work: Work): Promise<Target[]> {
  const { wait } = work;
  await writeNamespaces(plan, work);
  const applied: Target[] = [];
  for (const phase of PHASES) {
    const now = wanted(plan).filter(({ object }) => phaseOf(object) === phase);
    if (phase === 'definitions') {
      await completeLock(work);
      // What is applied from here on belongs to an inventory, which must know it before it exists.
      await writeParents(plan, work, 'before');
      work.record = await beginRecord(plan, { ...work, client: work.connected.client });
    }
    const [first, rest] = [true, false].map((isFirst) => now.filter(({ object }) => isBeforePods(object) === isFirst));
    const written = [...(await runPhase(first ?? [], work)), ...(await runPhase(rest ?? [], work))];
    if (phase === 'definitions') await waitReady(written, wait);
    applied.push(...written);
  }
  return applied;
}

/** Namespaces, then what guards them: the first pod is already subject to it. */
async function writeNamespaces({ namespaces }: Plan, work: Work): Promise<void> {
  const { session } = work;
  const [made, guards] = [true, false].map((isNamespace) =>
    namespaces.filter(({ object, action }) => isChange(action) && (object.kind === NAMESPACES.kind) === isNamespace),
  );
  await mapLimited(made ?? [], CONCURRENCY, async (one) => {
    await write(one, work).catch((error: unknown) => {
      throw one.object.metadata.name === session.personal ? explainMissingRight(error, session) : error;
    });
  });
  await mapLimited(guards ?? [], CONCURRENCY, async (one) => {
    await untilGone(one, work);
    await write(one, work);
  });
}

/** Another run has applied the stack after it was read: plan again. */
export class PlanOldError extends Error {}

/** Takes the locks of namespaces that have just been made. Throws PlanOldError where somebody else was faster. */
async function completeLock({ lock }: ExecuteOptions): Promise<void> {
  if (await lock.complete()) throw new PlanOldError('the plan is older than the last apply');
}

interface Work extends ExecuteOptions {
  readonly wait: WaitOptions;
  readonly edges: ReadonlyMap<string, readonly string[]>;
  /** Kinds whose definitions the plan changes. */
  readonly changing: ReadonlySet<string>;
  /** Objects being applied, by key. */
  readonly started: Map<string, Promise<Target>>;
  /** The run in the stacks' histories, once it is written there. */
  record: RunRecord | undefined;
}

/** Everything of a phase at once; an object waits for those it depends on, until they are ready. */
async function runPhase(planned: readonly PlannedObject[], work: Work): Promise<Target[]> {
  const byKey = new Map(planned.map((one) => [keyOf(one.object), one]));
  let running = 0;
  const queue: (() => void)[] = [];
  const slot = async <T>(run: () => Promise<T>): Promise<T> => {
    if (running >= CONCURRENCY) await new Promise<void>((resolve) => queue.push(resolve));
    running++;
    try {
      return await run();
    } finally {
      running--;
      queue.shift()?.();
    }
  };
  const begin = (one: PlannedObject): Promise<Target> => {
    const key = keyOf(one.object);
    const known = work.started.get(key);
    if (known !== undefined) return known;
    const promise = (async () => {
      const before = (work.edges.get(key) ?? []).map((dependency) => {
        const other = byKey.get(dependency);
        return other === undefined ? work.started.get(dependency) : begin(other);
      });
      const ready = await Promise.all(before.filter((target) => target !== undefined));
      if (ready.length > 0) await waitReady(ready, work.wait);
      // What ends it may be among those that wait for their turn.
      await untilGone(one, work);
      return { resource: one.resource, object: await slot(() => write(one, work)) };
    })();
    work.started.set(key, promise);
    return promise;
  };
  const results = await Promise.allSettled(planned.map(begin));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Writes one object where it differs. The result is the object as it is now. */
async function write(one: PlannedObject, work: Work): Promise<KubeObject> {
  const { progress } = work;
  const { live } = one;
  const isReplaced = work.isReplacing && live !== undefined && one.action !== 'recreate';
  if (live !== undefined && !isReplaced && !isChange(one.action)) {
    progress.emit({ kind: 'object', planned: one });
    return live;
  }
  try {
    if (one.action === 'recreate' && live !== undefined) await remove({ resource: one.resource, object: live }, work);
    const { client } = work.connected;
    const { signal, options } = work.session;
    const object = await untilServed(one, work, () =>
      isReplaced
        ? replaceAsApplied(client, one, { live, signal })
        : applyObject(client, one, { isDryRun: false, isForced: options.isForced }),
    );
    const action = isReplaced && one.action === 'unchanged' && !isSameVersion(live, object) ? 'update' : one.action;
    progress.emit({ kind: 'object', planned: { ...one, action } });
    return object;
  } catch (error) {
    if (!(error instanceof KubeStatusError)) throw error;
    const told = explain(error, one.object, one.label);
    progress.emit({ kind: 'failed', object: one.object, code: told.code, message: told.message, causes: [] });
    throw told;
  }
}

/** Deletes what is made anew, and waits until it and its pods are gone. */
async function remove(target: Target, work: Work): Promise<void> {
  await deleteObject(work.connected.client, target);
  await waitGone([target], work.wait);
}

/** Waits until what has its name, and is being deleted, is gone: what is written to that vanishes with it. */
async function untilGone({ resource, leaving }: PlannedObject, { wait }: Work): Promise<void> {
  if (leaving === undefined) return;
  await waitGone([{ resource, object: leaving }], { ...wait, doing: 'Waiting for the end of what is being deleted' });
}

function isSameVersion(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** Sends an object, and again while the server does not serve its kind as this run has made it. */
async function untilServed(
  { object }: PlannedObject,
  { session: { signal }, changing }: Work,
  send: () => Promise<KubeObject>,
): Promise<KubeObject> {
  const isChanging = changing.has(groupKind(object));
  return retry(send, {
    signal,
    deadlineMs: 10_000,
    baseMs: 50,
    attempts: 30,
    maxMs: 500,
    // A resource whose CRD has just been established answers 404 for a moment, one whose CRD was changed by the old schema.
    reason: (error) => (isNotFound(error) || (isChanging && isRefusal(error)) ? {} : undefined),
  });
}

async function writeParents(plan: Plan, work: Work, when: 'before' | 'after'): Promise<void> {
  const { client } = work.connected;
  await mapLimited(plan.sets, CONCURRENCY, async (set) => {
    const { before, after } = set;
    // That of a new set is made with its history.
    if (when === 'before' && before === undefined && isChanged(set, plan)) return;
    const during = before === undefined ? after : unionOf(before, after);
    const [from, to] = when === 'before' ? [before, during] : [during, after];
    if (from !== undefined && isSameInventory(from, to)) return;
    await writeInventory(client, to);
  });
}

async function prune(plan: Plan, work: Work): Promise<void> {
  const { client } = work.connected;
  const gone = plan.objects.filter(({ action }) => action === 'prune');
  await mapLimited([...gone].reverse(), CONCURRENCY, (one) => deleteObject(client, one));
  for (const one of plan.objects.filter(({ action }) => action === 'prune' || action === 'keep')) {
    work.progress.emit({ kind: 'object', planned: one });
  }
  if (work.session.options.isWaiting) await waitGone(gone, work.wait);
}
