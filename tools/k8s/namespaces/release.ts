// namespaces.release: the owner says that their personal namespace can go.
import { ToolError } from '../../lib/errors.ts';
import { NAMESPACES, RELEASED, findPersonal, personalObject, timeText } from '../deploy/personal_namespace.ts';
import { type Session, connect } from '../deploy/session.ts';
import { applyObject } from '../kube/objects.ts';

/** Marks the namespace for the next gc; an apply takes the mark away. Throws K8S_NAMESPACE_MISSING, K8S_NAMESPACE_FOREIGN. */
export async function releaseVerb(session: Session): Promise<void> {
  const { client } = await connect(session);
  try {
    const live = await findPersonal(session, client);
    if (live === undefined) {
      throw new ToolError('K8S_NAMESPACE_MISSING', `Releasing namespace '${session.personal}': it is not there`, {
        hint: 'Nothing is to be done; set FATHOM_USER if you meant that of another name.',
      });
    }
    const { annotations = {} } = live.metadata;
    // As it is, but for the mark: its end is not put off.
    const nowMs = client.nowMs();
    const kept = personalObject(session, { live, nowMs, isRenewed: false });
    const released = { ...kept.metadata.annotations, [RELEASED]: annotations[RELEASED] ?? timeText(nowMs) };
    const object = { ...kept, metadata: { ...kept.metadata, annotations: released } };
    await applyObject(client, { resource: NAMESPACES, object }, { isDryRun: false, isForced: true });
    session.log.info(`namespace ${session.personal} is released: the next gc deletes it; an apply takes that back`);
  } finally {
    client.close();
  }
}
