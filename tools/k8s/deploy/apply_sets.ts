// From sets to a cluster that has them: plan, ask, carry out. What apply and rollback share.
import type { LoadedSet } from '../model/plan_input.ts';
import { confirm } from './confirm.ts';
import { PlanOldError, execute } from './execute.ts';
import { requireExistence } from './existence.ts';
import type { Revision } from './history.ts';
import type { LockedRun } from './locked.ts';
import { renewPersonal } from './personal_namespace.ts';
import { type Plan, isChange } from './plan.ts';
import { makePlan } from './planner.ts';
import type { Progress } from './progress.ts';
import type { Restored } from './record.ts';
import { colorsFor, diffLines } from './report.ts';
import type { Session } from './session.ts';

/** Options of {@link applySets}. */
export interface ApplyOptions extends LockedRun {
  readonly progress: Progress;
  readonly verb: Revision['verb'];
  readonly sets: readonly LoadedSet[];
  /** Pushes images, while the plan is made. Default: there is nothing to push. */
  readonly push: (() => Promise<void>) | undefined;
  /** What a rollback puts back. Default: nothing. */
  readonly restored?: Restored;
}

/** Carries the sets out. Throws before anything is changed where planning or pushing fails. */
export async function applySets(session: Session, options: ApplyOptions): Promise<Plan> {
  try {
    return await attempt(session, options);
  } catch (error) {
    // All locks are held by now, so that this plan does not grow old.
    if (error instanceof PlanOldError) return attempt(session, options);
    throw error;
  }
}

async function attempt(session: Session, options: ApplyOptions): Promise<Plan> {
  const { connected, lock, verb, sets, push, restored, progress } = options;
  const colors = colorsFor(process.stderr, session.env);
  await renewPersonal(session, connected);
  const [plan] = await Promise.all([
    progress.phase('plan', () => makePlan(session, connected, { sets, isRestoring: verb === 'rollback' })),
    push === undefined ? undefined : progress.phase('push', push),
  ]);
  if (verb === 'create' || verb === 'replace') requireExistence(plan, verb);
  const changes = [...plan.namespaces, ...plan.objects].filter(({ action }) => isChange(action));
  await confirm(
    connected.binding,
    session,
    changes.flatMap((one) => diffLines(one, colors)),
  );
  progress.emit({ kind: 'planned', objects: plan.objects });
  const isReplacing = verb === 'replace';
  await execute(plan, {
    ...{ session, connected, progress, lock, verb, isReplacing },
    ...(restored === undefined ? {} : { restored }),
  });
  return plan;
}
