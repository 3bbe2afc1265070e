// apply, create, replace: push, plan, carry out, wait.
import { applySets } from '../deploy/apply_sets.ts';
import { dryRun, planApply, withReadSecrets } from '../deploy/dry_run.ts';
import { requireDeployable } from '../deploy/guard.ts';
import { withLock } from '../deploy/locked.ts';
import { finish, withProgress } from '../deploy/output.ts';
import { pinnedImages, requirePinned } from '../deploy/pinned.ts';
import { type StackImages, readImages } from '../deploy/push.ts';
import { type Session, requireObjects } from '../deploy/session.ts';
import { secretsOf } from '../deploy/stack_secrets.ts';
import { withDigests } from '../model/images.ts';

/** Brings the cluster to what the stack says. Throws before anything is changed where planning or pushing fails. */
export async function applyVerb(opened: Session, verb: 'apply' | 'create' | 'replace'): Promise<void> {
  // What is put in place as a whole has no other owners.
  const session = verb === 'replace' ? { ...opened, options: { ...opened.options, isForced: true } } : opened;
  requireObjects(session);
  if (session.options.isDryRun) {
    const read = await withReadSecrets(session);
    return dryRun(read, (connected) => planApply(read, connected, verb));
  }
  const reading = readImages(session);
  // Its failure is told once the cluster's is not.
  reading.catch(() => {});
  await withProgress(session, async (progress) => {
    // Who cannot read the secrets need not wait for the cluster, nor others for them.
    const read = await secretsOf(session, session.sets);
    await withLock(session, progress, async (run) => {
      const images = await reading;
      // Nobody else makes the same values meanwhile.
      const filled = await secretsOf(session, read, run.connected.client);
      const sets = withDigests(filled, images.digests);
      await requireDeployable(run.connected.binding, session, sets);
      const plan = await applySets(session, { ...run, progress, verb, sets, push: pushOf(session, images) });
      finish(session, progress, plan);
    });
  });
}

/** What registries must have before anything is applied; undefined: nothing. */
function pushOf(session: Session, images: StackImages): (() => Promise<void>) | undefined {
  // A pod pushes nothing, and has no business with registries: the kubelet beside it has.
  const pinned = session.pod === undefined ? pinnedImages(session) : [];
  if (session.images.length + pinned.length === 0) return undefined;
  return async () => {
    await Promise.all([images.push(), pinned.length === 0 ? undefined : requirePinned(pinned, session)]);
  };
}
