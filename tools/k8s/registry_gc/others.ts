// Waits for the runs of others: what they push or have found in the registry is in no object yet.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { formatDuration } from '../../lib/log.ts';
import { parentName } from '../deploy/applyset.ts';
import { LEASES } from '../deploy/lease.ts';
import type { Session } from '../deploy/session.ts';
import type { KubeClient } from '../kube/client.ts';
import { listObjects } from '../kube/objects.ts';
import { holderOf } from '../namespaces/verdict.ts';

const LOOK_EVERY_MS = 500;
/** How far the clock of whoever holds a lease may be behind the server's. */
const CLOCKS_MS = 30_000;

/**
 * Resolves when nobody but this run holds the lease of a stack: a run holds it from before it asks the registry until
 * the cluster knows its images. Throws K8S_LOCKED.
 */
export async function waitForOthers(session: Session, client: KubeClient): Promise<void> {
  const { options, signal, log } = session;
  const own = new Set(session.sets.map(({ namespace, stack }) => `${namespace}/${parentName(stack)}`));
  const deadlineMs = performance.now() + options.lockWaitMs;
  for (let isSaid = false; ; isSaid = true) {
    const labelSelector = 'app.kubernetes.io/managed-by=fathom';
    const leases = await listObjects(client, LEASES, { labelSelector, isRequired: true });
    const held = leases
      .filter(({ metadata }) => !own.has(`${metadata.namespace}/${metadata.name}`))
      .flatMap((lease) => {
        const holder = holderOf([lease], client.nowMs() - CLOCKS_MS);
        return holder === undefined ? [] : [`${holder} in ${lease.metadata.namespace}/${lease.metadata.name}`];
      });
    if (held.length === 0) return;
    if (!isSaid) log.info(`waiting for ${held.join(', ')}`);
    if (performance.now() >= deadlineMs) {
      const hint = 'Run it when nobody applies, or wait longer with `-- --wait-lock 30m`.';
      const waited = formatDuration(options.lockWaitMs);
      throw new ToolError('K8S_LOCKED', `Collecting images: still at work after ${waited}: ${held.join(', ')}`, {
        hint,
      });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
