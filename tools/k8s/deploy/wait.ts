// Waits until objects are ready, or gone, with a deadline; says what it waits for, and in the end why in vain.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { formatDuration } from '../../lib/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Target, getObject } from '../kube/objects.ts';
import { type KubeObject, nameOf } from '../model/object.ts';
import { type Status, statusOf } from '../readiness/readiness.ts';
import { failed } from '../readiness/status.ts';
import { lastingTrouble, podTrouble } from '../readiness/workloads.ts';
import { causesOf, isReady, podsMadeBy, podsOf } from './cause.ts';
import { isProtected } from './kept.ts';
import { ON_IMMUTABLE, staysFailed } from './on_immutable.ts';
import type { Progress } from './progress.ts';
import { watchObjects } from './watch.ts';

/** Options of waits. */
export interface WaitOptions {
  readonly client: KubeClient;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** When to give up, as `performance.now()` counts. */
  readonly deadlineMs: number;
  /** What the deadline was, for errors. */
  readonly timeoutMs: number;
  /** What is being done where objects are to be gone, for errors. Default: Deleting. */
  readonly doing?: string;
  /** How long a failure that was there at the first look may stay, in milliseconds. Default: 15 000. */
  readonly staleFailureMs?: number;
  /** The pause after the first look, in milliseconds; those after it grow. Default: 100. */
  readonly firstPauseMs?: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const CONCURRENCY = 16;

// A controller takes a moment to withdraw a failure that an earlier, broken state left in an object's status.
const STALE_FAILURE_MS = 15_000;

const ABSENT: Status = { state: 'progressing', message: 'it is not there yet' };

interface Waiting {
  readonly target: Target;
  status: Status;
  /** What one of its pods suffers from, as far as was looked. */
  trouble: string | undefined;
  /** Whether it was ever there. */
  isSeen: boolean;
  /** Until when a failure may be one of before, as `performance.now()` counts; 0 once it was seen without one. */
  staleUntilMs: number;
}

/** Waits until all objects, as they were last seen, are ready. Throws K8S_NOT_READY, K8S_FAILED with the causes. */
export async function waitReady(targets: readonly Target[], options: WaitOptions): Promise<void> {
  const first = targets.map((target) => ({ target, live: target.object }));
  await waitFrom(first, options);
}

/** Waits until all objects are there and ready. Throws K8S_NOT_READY, K8S_FAILED with the causes. */
export async function waitThere(targets: readonly Target[], options: WaitOptions): Promise<void> {
  const first = await mapLimited(targets, CONCURRENCY, async (target) => ({
    target,
    live: await getObject(options.client, target),
  }));
  await waitFrom(first, options);
}

interface Seen {
  readonly target: Target;
  readonly live: KubeObject | undefined;
}

async function waitFrom(seen: readonly Seen[], options: WaitOptions): Promise<void> {
  const staleUntilMs = performance.now() + (options.staleFailureMs ?? STALE_FAILURE_MS);
  let waiting = seen.map(({ target, live }): Waiting => {
    const status = live === undefined ? ABSENT : statusOf(live);
    const stale = status.state === 'failed' ? staleUntilMs : 0;
    return { target, status, trouble: undefined, isSeen: live !== undefined, staleUntilMs: stale };
  });
  const unready = waiting.filter(({ status }) => status.state !== 'current');
  const byTarget = new Map(unready.map((one) => [one.target, one]));
  using watch = watchObjects([...byTarget.keys()], {
    ...options,
    onObject: (target, live) => {
      const one = byTarget.get(target);
      if (one === undefined || live === undefined || one.status.state === 'current') return;
      // A failure may pass in a moment, and what is older than what was applied says nothing: looks by turns tell.
      const isOlder = (live.metadata.generation ?? 0) < (target.object.metadata.generation ?? 0);
      if (!isOlder && statusOf(live).state !== 'failed') see(one, live, options);
    },
  });
  await poll(options, watch.changed, async (isDue) => {
    waiting = waiting.filter(({ status }) => status.state !== 'current');
    await failAtOnce(waiting, options);
    if (waiting.length === 0) return [];
    if (isDue) await mapLimited(waiting, CONCURRENCY, (one) => look(one, options));
    // By now the pods of before the apply are gone, where it has mended them.
    if (isDue && performance.now() >= staleUntilMs)
      await mapLimited(waiting, CONCURRENCY, (one) => lookAtPods(one, options));
    const left = waiting.filter(({ status }) => status.state !== 'current');
    return left.map(({ target: { object }, status: { message }, trouble }) => ({
      object,
      message: trouble === undefined ? message : `${message}; ${trouble}`,
    }));
  }).catch(async (error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    throw await notReady('K8S_NOT_READY', waiting, options);
  });
}

async function look(one: Waiting, options: WaitOptions): Promise<void> {
  const live = await getObject(options.client, one.target);
  // The watch may have seen it ready meanwhile, and said so.
  if (one.status.state !== 'current') see(one, live, options);
}

function see(one: Waiting, live: KubeObject | undefined, { progress }: WaitOptions): void {
  if (live !== undefined) one.status = statusOf(live);
  else one.status = one.isSeen ? { state: 'failed', message: 'it was deleted meanwhile' } : ABSENT;
  if (live !== undefined) one.isSeen = true;
  if (live === undefined || one.status.state !== 'failed') one.staleUntilMs = 0;
  if (one.status.state === 'current') progress.emit({ kind: 'ready', object: one.target.object });
}

/** A workload says nothing until its deadline of a pod that will never run, nor of one that may, and why it does not yet. */
async function lookAtPods(one: Waiting, { client }: WaitOptions): Promise<void> {
  if (one.status.state !== 'progressing' || one.target.object.kind === 'Pod') return;
  const pods = await podsOf(client, one.target.object);
  const left = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !isReady(pod));
  const tell = (pod: KubeObject, trouble: string) => `pod ${pod.metadata.name}: ${trouble}`;
  one.trouble = undefined;
  for (const pod of left) {
    const [trouble, lasting] = [podTrouble(pod), lastingTrouble(pod)];
    if (trouble !== undefined) one.trouble ??= tell(pod, trouble);
    if (lasting !== undefined) one.status = failed(tell(pod, lasting));
  }
}

/** Waits until all are gone, and the pods of workloads with them. Throws K8S_NOT_DELETED. */
export async function waitGone(targets: readonly Target[], options: WaitOptions): Promise<void> {
  let left = [...targets];
  let unfinished: readonly Unfinished[] = [];
  await poll(options, plainPause(options), async () => {
    const states = await mapLimited(left, CONCURRENCY, async (target) => {
      const live = await getObject(options.client, target);
      if (live !== undefined && live.metadata.uid === target.object.metadata.uid) return statusOf(live).message;
      const pods = await podsMadeBy(options.client, target.object);
      return pods.length === 0 ? undefined : `${pods.length} pods are still ending`;
    });
    unfinished = left.flatMap(({ object }, index) => {
      const message = states[index];
      return message === undefined ? [] : [{ object, message }];
    });
    for (const [index, { object }] of left.entries()) {
      if (states[index] === undefined) options.progress.emit({ kind: 'gone', object });
    }
    left = left.filter((_, index) => states[index] !== undefined);
    return unfinished;
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    for (const { object, message } of unfinished) {
      options.progress.emit({ kind: 'failed', object, code: 'K8S_NOT_DELETED', message, causes: [] });
    }
    throw new ToolError(
      'K8S_NOT_DELETED',
      `${options.doing ?? 'Deleting'}: not gone after ${formatDuration(options.timeoutMs)}:\n  ${unfinished.map(({ object, message }) => `${nameOf(object)}: ${message}`).join('\n  ')}`,
      { hint: 'Run it again to wait longer (`-- --timeout 10m`), or see who holds the finalizers.' },
    );
  });
}

class DeadlineError extends Error {}

function plainPause({ signal }: WaitOptions): Pause {
  return async (pauseMs) => {
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    return false;
  };
}

/** What a wait is still for. */
interface Unfinished {
  readonly object: KubeObject;
  readonly message: string;
}

/** Resolves after a pause, to whether it was cut short by something to be looked at. */
type Pause = (pauseMs: number) => Promise<boolean>;

/** Calls `look` until it says that nothing is left: when it is due, in growing pauses, and when `pause` was cut short. */
async function poll(
  options: WaitOptions,
  pause: Pause,
  look: (isDue: boolean) => Promise<readonly Unfinished[]>,
): Promise<void> {
  const { progress, signal, deadlineMs, firstPauseMs = FIRST_PAUSE_MS } = options;
  let pauseMs = firstPauseMs;
  let dueMs = performance.now();
  for (;;) {
    const isDue = performance.now() >= dueMs;
    const left = await look(isDue);
    if (left.length === 0) return;
    for (const { object, message } of left) progress.emit({ kind: 'waiting', object, message });
    const nowMs = performance.now();
    if (nowMs >= deadlineMs) throw new DeadlineError();
    if (isDue) {
      dueMs = nowMs + pauseMs;
      pauseMs = Math.max(firstPauseMs, Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5));
    }
    await pause(Math.max(0, Math.min(dueMs, deadlineMs) - nowMs));
    signal.throwIfAborted();
  }
}

async function failAtOnce(waiting: readonly Waiting[], options: WaitOptions): Promise<void> {
  const nowMs = performance.now();
  const failing = waiting.filter(({ status, staleUntilMs }) => status.state === 'failed' && nowMs >= staleUntilMs);
  if (failing.length > 0) throw await notReady('K8S_FAILED', failing, options);
}

async function notReady(
  code: 'K8S_FAILED' | 'K8S_NOT_READY',
  waiting: readonly Waiting[],
  options: WaitOptions,
): Promise<ToolError> {
  const blocks = await mapLimited(waiting, CONCURRENCY, async ({ target, status }) => {
    const live: KubeObject = (await getObject(options.client, target).catch(() => undefined)) ?? target.object;
    const causes = await causesOf(options.client, live);
    options.progress.emit({ kind: 'failed', object: target.object, code, message: status.message, causes });
    return [`\n  ${nameOf(target.object)}: ${status.message}`, ...causes.map((cause) => `\n    ${cause}`)].join('');
  });
  const when = code === 'K8S_FAILED' ? 'failed' : `not ready after ${formatDuration(options.timeoutMs)}`;
  const noun = waiting.length === 1 ? '1 object' : `${waiting.length} objects`;
  const isStuck = waiting.some(
    ({ target: { object }, status }) => status.state === 'failed' && staysFailed(object) && !isProtected(object),
  );
  const again = isStuck
    ? `apply again with \`-- --recreate\`, which makes a failed Job anew, as its annotation ${ON_IMMUTABLE}: recreate does untold`
    : 'apply again';
  return new ToolError(code, `Waiting for readiness: ${noun} ${when}${blocks.join('')}`, {
    hint: `Mend the cause and ${again}; what is applied stays. \`-- --timeout 10m\` waits longer.`,
  });
}
