// rbac: prints the least rights that the stack needs, as manifests for whoever grants them.
import { stringify } from 'yaml';
import { desiredObjects } from '../deploy/desired.ts';
import { rbacObjects, rightsOf } from '../deploy/rights.ts';
import { type Session, connect } from '../deploy/session.ts';

/**
 * Prints Roles and bindings for the person or service account of `--subject` (default: the user `deployer`). The
 * cluster is asked for the plural names of kinds only. An API server lets nobody grant what they do not have: a stack
 * with Roles of its own wants the rights in these as well.
 */
export async function rbacVerb(session: Session): Promise<void> {
  const { client, resources } = await connect(session);
  try {
    const wanted = desiredObjects(session.sets, { resources, defaultNamespace: client.access.namespace });
    const name = `fathom-deploy-${session.input.root || 'objects'}`;
    const objects = rbacObjects(rightsOf(wanted, session.sets, session.personal), name, session.options.subject);
    const documents = objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 }));
    session.print(documents.join('---\n').trimEnd());
  } finally {
    client.close();
  }
}
