// namespaces.gc: deletes personal namespaces that have expired, or that their owners have released.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { formatDuration } from '../../lib/log.ts';
import { requireBound } from '../deploy/guard.ts';
import { LEASES } from '../deploy/lease.ts';
import { NAMESPACES } from '../deploy/personal_namespace.ts';
import { type Session, connect } from '../deploy/session.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { isNotFound, isStale } from '../kube/errors.ts';
import { getObject, listObjects } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import { printVerdicts, readVerdicts } from './list.ts';
import { type Verdict, holderOf } from './verdict.ts';

const CONCURRENCY = 8;
const LOOK_EVERY_MS = 300;
const ANSWER_WITHIN_MS = 600_000;

/** Lists, asks, deletes, waits. Throws K8S_NOT_CONFIRMED, K8S_NOT_DELETED. */
export async function gcVerb(session: Session): Promise<void> {
  const { client, binding } = await connect(session);
  const { options, log } = session;
  try {
    requireBound(binding);
    const verdicts = await withRuns(await readVerdicts(session, client), client);
    printVerdicts(session, client, verdicts);
    const gone = verdicts.filter(({ state }) => state === 'gone');
    if (gone.length === 0) return log.info('nothing to collect');
    if (options.isDryRun) return log.info(`${gone.length} to collect; nothing was deleted`);
    await confirm(session, gone);
    const deleted = await mapLimited(gone, CONCURRENCY, async ({ namespace }) => {
      const isDeleted = await deleteAsSeen(client, namespace);
      const { name } = namespace.metadata;
      log.info(isDeleted ? `deleting  ${name}` : `kept      ${name}: it was changed, or is gone, since it was listed`);
      return isDeleted ? [namespace] : [];
    });
    if (options.isWaiting) await waitGone(session, client, deleted.flat());
  } finally {
    client.close();
  }
}

/** A namespace in which somebody applies something right now is kept, whatever its end. */
async function withRuns(verdicts: readonly Verdict[], client: KubeClient): Promise<readonly Verdict[]> {
  return mapLimited(verdicts, CONCURRENCY, async (verdict) => {
    if (verdict.state !== 'gone') return verdict;
    const leases = await listObjects(client, LEASES, { namespace: verdict.namespace.metadata.name });
    const holder = holderOf(leases, client.nowMs());
    if (holder === undefined) return verdict;
    return { ...verdict, state: 'kept', reason: `${verdict.reason}, but ${holder} is at work in it` };
  });
}

async function confirm({ options, terminal, signal }: Session, gone: readonly Verdict[]): Promise<void> {
  if (options.isConfirmed) return;
  const names = gone.map(({ namespace }) => namespace.metadata.name).join(', ');
  const refuse = (problem: string, hint: string): ToolError =>
    new ToolError('K8S_NOT_CONFIRMED', `Deleting ${names}: ${problem}`, { hint });
  if (!terminal.isInteractive) {
    throw refuse(
      'there is no terminal to ask on',
      'Look at the list with `-- --dry-run`, then run it with `-- --yes`.',
    );
  }
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  const question = `Delete ${names}, with all that is in ${gone.length === 1 ? 'it' : 'them'}? Only 'yes' does: `;
  const answer = await terminal.ask(question, within).catch(() => {
    signal.throwIfAborted();
    return '';
  });
  if (answer.trim() !== 'yes') throw refuse('not confirmed, nothing was deleted', "Run it again and answer 'yes'.");
}

/** Deletes a namespace as it was listed: one that an apply has renewed since is another version. */
async function deleteAsSeen(client: KubeClient, namespace: KubeObject): Promise<boolean> {
  const { name, uid, resourceVersion } = namespace.metadata;
  try {
    await client.request({
      method: 'DELETE',
      path: pathOf(NAMESPACES, { name }),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid, resourceVersion },
      },
      isFinished: true,
      doing: `Deleting namespace ${name}`,
    });
    return true;
  } catch (error) {
    if (isNotFound(error) || isStale(error)) return false;
    throw error;
  }
}

async function waitGone(
  { options, signal }: Session,
  client: KubeClient,
  deleted: readonly KubeObject[],
): Promise<void> {
  const deadlineMs = performance.now() + options.timeoutMs;
  let left = deleted;
  while (left.length > 0) {
    const lives = await mapLimited(left, CONCURRENCY, (object) => getObject(client, { resource: NAMESPACES, object }));
    left = left.filter((one, index) => lives[index]?.metadata.uid === one.metadata.uid);
    if (left.length === 0) return;
    if (performance.now() >= deadlineMs) {
      const names = left.map(({ metadata }) => metadata.name).join(', ');
      throw new ToolError(
        'K8S_NOT_DELETED',
        `Deleting ${names}: still there after ${formatDuration(options.timeoutMs)}`,
        {
          hint: `See what holds it: \`kubectl get namespace ${left[0]?.metadata.name} -o yaml\`, conditions at the end.`,
        },
      );
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
