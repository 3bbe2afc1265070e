// delete: removes what apply made, last things first. Reads no image.
import { mapLimited } from '../../lib/limit.ts';
import { type Inventory, isSameInventory, unionOf } from '../deploy/applyset.ts';
import { confirm } from '../deploy/confirm.ts';
import { deleteGroup, dependentsOf, planDelete } from '../deploy/delete.ts';
import { dryRun } from '../deploy/dry_run.ts';
import { withLock } from '../deploy/locked.ts';
import { withProgress } from '../deploy/output.ts';
import { writeInventory } from '../deploy/parents.ts';
import { findPersonal } from '../deploy/personal_namespace.ts';
import type { PlannedObject } from '../deploy/plan.ts';
import type { Progress } from '../deploy/progress.ts';
import { colorsFor, timesText } from '../deploy/report.ts';
import type { Connected, Session } from '../deploy/session.ts';
import { untell } from '../deploy/tell.ts';
import { waitGone } from '../deploy/wait.ts';
import { deleteObject } from '../kube/objects.ts';
import { nameOf } from '../model/object.ts';

/** Deletes the stack. Throws K8S_NOT_DELETED where something is still there at the deadline. */
export async function deleteVerb(session: Session): Promise<void> {
  if (session.options.isDryRun) return dryRun(session, (connected) => listDeletions(session, connected));
  await withProgress(session, (progress) =>
    withLock(session, progress, ({ connected }) => deleteAll(session, connected, progress)),
  );
}

async function listDeletions(session: Session, connected: Connected): Promise<readonly PlannedObject[]> {
  await findPersonal(session, connected.client);
  const { groups, kept } = await planDelete(session, connected);
  return [...groups.flat(), ...kept];
}

async function deleteAll(session: Session, connected: Connected, progress: Progress): Promise<void> {
  const { log, options, signal } = session;
  const { client, binding } = connected;
  const colors = colorsFor(process.stderr, session.env);
  const plan = await progress.phase('plan', () => planDelete(session, connected));
  const deleted = plan.groups.flat();
  await confirm(
    binding,
    session,
    deleted.map(({ object }) => colors.removed(`- ${nameOf(object)}`)),
  );
  const objects = [...deleted, ...plan.kept];
  progress.emit({ kind: 'planned', objects });
  const { timeoutMs } = options;
  const wait = { client, progress, signal, timeoutMs, deadlineMs: performance.now() + timeoutMs };
  const write = (inventory: Inventory) => writeInventory(client, inventory);
  // A StatefulSet that is gone cannot be asked for its claims.
  const unknown = plan.remaining.filter(({ before, after }) => !isSameInventory(before, unionOf(before, after)));
  await mapLimited(unknown, 16, ({ before, after }) => write(unionOf(before, after)));
  await progress.phase('delete', async () => {
    for (const [index, group] of plan.groups.entries()) {
      if (options.isWaiting) await waitGone(dependentsOf(group, plan.groups.slice(0, index).flat()), wait);
      await deleteGroup(connected, group);
      for (const planned of group) progress.emit({ kind: 'object', planned });
    }
  });
  for (const planned of plan.kept) progress.emit({ kind: 'object', planned });
  if (options.isWaiting) await progress.phase('wait', () => waitGone(deleted, wait));
  // Inventories last: a run that was stopped before still knows its members.
  const changed = plan.remaining.filter(({ before, after }) => !isSameInventory(before, after));
  await mapLimited([...plan.shared, ...changed.map(({ after }) => after)], 16, write);
  await mapLimited(plan.ended, 16, (parent) => deleteObject(client, parent));
  await mapLimited(plan.remaining, 16, ({ before }) => untell(client, before));
  progress.emit({ kind: 'done', actions: objects.map(({ action }) => action), phases: progress.phases });
  const words = [`${deleted.length} deleted`, ...(plan.kept.length === 0 ? [] : [`${plan.kept.length} kept`])];
  log.info(`${session.input.label}: ${words.join(', ')}, in ${timesText(progress.elapsedMs, progress.phases)}`);
  if (plan.shared.length > 0) log.info('Delete what other stacks need, too, with `-- --all`.');
}
