// apply, create, replace: push, plan, carry out, wait.
import { connect, withDigests, type Session } from '../deploy/session.ts';
import { execute, requireExistence } from '../deploy/execute.ts';
import { makePlan } from '../deploy/planner.ts';
import { readImages } from '../deploy/push.ts';
import { colorsFor, summary } from '../deploy/report.ts';

/** Brings the cluster to what the stack says. Throws before anything is changed where planning or pushing fails. */
export async function applyVerb(opened: Session, verb: 'apply' | 'create' | 'replace'): Promise<void> {
  // What is put in place as a whole has no other owners.
  const session = verb === 'replace' ? { ...opened, options: { ...opened.options, isForced: true } } : opened;
  const startMs = performance.now();
  const [connected, images] = await Promise.all([connect(session), readImages(session)]);
  try {
    const sets = withDigests(session.sets, images.digests);
    const [plan] = await Promise.all([makePlan(session, connected, sets), images.push()]);
    if (verb !== 'apply') requireExistence(plan, verb);
    const colors = colorsFor(process.stderr, session.env);
    await execute(plan, { session, connected, colors, isReplacing: verb === 'replace' });
    const actions = plan.objects.map(({ action }) => action);
    session.log.info(`${session.input.label}: ${summary(actions, performance.now() - startMs)}`);
  } finally {
    connected.client.close();
  }
}
