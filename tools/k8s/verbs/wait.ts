// wait: returns when everything of the stack is there and ready, or says what is not, and why.
import { placeKey } from '../deploy/applyset.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { withProgress } from '../deploy/output.ts';
import type { PlannedObject } from '../deploy/plan.ts';
import { type Session, connect } from '../deploy/session.ts';
import { waitThere } from '../deploy/wait.ts';
import { formatDuration } from '../../lib/log.ts';

/** Waits for the stack, changes nothing. Throws K8S_NOT_READY, K8S_FAILED with the causes. */
export async function waitVerb(session: Session): Promise<void> {
  const startMs = performance.now();
  await withProgress(session, async (progress) => {
    const { client, resources } = await connect(session);
    const { signal } = session;
    const { timeoutMs } = session.options;
    try {
      const wanted = desiredObjects(session.sets, { resources, defaultNamespace: client.access.namespace });
      const planned = wanted.map((one): PlannedObject => {
        const { object, resource, label, set } = one;
        const place = set.stack === '' ? '' : placeKey(set);
        return { action: 'unchanged', object, live: undefined, resource, changes: [], label, set: place };
      });
      progress.emit({ kind: 'planned', objects: planned });
      await waitThere(wanted, { client, progress, signal, timeoutMs, deadlineMs: startMs + timeoutMs });
      progress.emit({ kind: 'done', actions: planned.map(({ action }) => action), phases: progress.phases });
      const noun = wanted.length === 1 ? 'object' : 'objects';
      const elapsed = formatDuration(performance.now() - startMs);
      session.log.info(`${session.input.label}: ${wanted.length} ${noun} ready, after ${elapsed}`);
    } finally {
      client.close();
    }
  });
}
