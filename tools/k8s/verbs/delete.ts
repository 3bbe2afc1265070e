// delete: removes what apply made, last things first. Reads no image.
import { mapLimited } from '../../lib/limit.ts';
import { formatDuration } from '../../lib/log.ts';
import { parentObject } from '../deploy/applyset.ts';
import { confirm } from '../deploy/confirm.ts';
import { deleteGroup, planDelete } from '../deploy/delete.ts';
import { withLock } from '../deploy/locked.ts';
import { SECRETS } from '../deploy/planner.ts';
import { colorsFor } from '../deploy/report.ts';
import type { Session } from '../deploy/session.ts';
import { waitGone } from '../deploy/wait.ts';
import { applyObject, deleteObject } from '../kube/objects.ts';
import { nameOf } from '../model/object.ts';

/** Deletes the stack. Throws K8S_NOT_DELETED where something is still there at the deadline. */
export async function deleteVerb(session: Session): Promise<void> {
  const startMs = performance.now();
  const { log, options, signal } = session;
  const colors = colorsFor(process.stderr, session.env);
  await withLock(session, async ({ connected }) => {
    const { client, binding } = connected;
    const plan = await planDelete(session, connected);
    await confirm(
      binding,
      session,
      plan.groups.flat().map(({ object }) => colors.removed(`- ${nameOf(object)}`)),
    );
    for (const group of plan.groups) {
      await deleteGroup(connected, group);
      for (const { object } of group) log.info(`${colors.removed('deleted  ')} ${nameOf(object)}`);
    }
    for (const { object, reason } of plan.kept) log.info(`${colors.faint('kept     ')} ${nameOf(object)}  ${reason}`);
    const deleted = plan.groups.flat();
    const { timeoutMs } = options;
    const deadlineMs = performance.now() + timeoutMs;
    if (options.isWaiting) await waitGone(deleted, { client, log, signal, timeoutMs, deadlineMs });
    // Inventories last: a run that was stopped before still knows its members.
    await mapLimited(plan.shared, 16, (inventory) =>
      applyObject(client, { resource: SECRETS, object: parentObject(inventory) }, { isDryRun: false, isForced: true }),
    );
    await mapLimited(plan.ended, 16, (parent) => deleteObject(client, parent));
    const words = [`${deleted.length} deleted`, ...(plan.kept.length === 0 ? [] : [`${plan.kept.length} kept`])];
    log.info(`${session.input.label}: ${words.join(', ')}, in ${formatDuration(performance.now() - startMs)}`);
    if (plan.shared.length > 0) log.info('Delete what other stacks need, too, with `-- --all`.');
  });
}
