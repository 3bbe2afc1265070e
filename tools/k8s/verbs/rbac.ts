// rbac: prints the least rights that the stack needs, as manifests for whoever grants them.
import { desiredObjects } from '../deploy/desired.ts';
import { guardObjects } from '../deploy/personal_namespace.ts';
import { readSets } from '../deploy/read_sets.ts';
import { historyOf } from '../deploy/record.ts';
import { rbacObjects, rightsOf } from '../deploy/rights.ts';
import { type Connected, type Session, connect } from '../deploy/session.ts';
import type { Target } from '../kube/objects.ts';
import { manifestsYaml } from '../model/manifest_yaml.ts';
import type { LoadedSet } from '../model/plan_input.ts';

/**
 * Prints Roles and bindings for the person or service account of `--subject` (default: the user `deployer`). What is
 * limited by name is limited to the objects of the stack, those that it has in the cluster, and those of its history:
 * whoever renames or removes objects of a stack that was never applied since prints the rights again.
 */
export async function rbacVerb(session: Session): Promise<void> {
  const connected = await connect(session);
  const { client, resources } = connected;
  try {
    const { sets, options, personal, input, connection } = session;
    const wanted = desiredObjects(sets, { resources, defaultNamespace: client.access.namespace });
    const stacks = sets.filter(({ stack }) => stack !== '');
    const former = await Promise.all([
      readSets(connected, stacks, wanted).then((states) => states.flatMap(({ members }) => members)),
      ...stacks.map((set) => recorded(set, connected)),
    ]);
    // A service account's own namespace is there before it is.
    const isThere = options.subject['kind'] === 'ServiceAccount' && options.subject['namespace'] === personal;
    const made = ['fathom-system', ...(personal === undefined || isThere ? [] : [personal])];
    const rights = rightsOf({ wanted, sets, former: former.flat(), made, guards: guardObjects(session) });
    const { namespace } = connection;
    const objects = rbacObjects(rights, { stack: input.root || 'objects', namespace, subject: options.subject });
    session.print(manifestsYaml(objects).trimEnd());
  } finally {
    client.close();
  }
}

/** The objects to which a rollback could return, of kinds that the cluster still has. */
async function recorded(set: LoadedSet, { client, resources }: Connected): Promise<Target[]> {
  const history = await historyOf(client, set);
  return [...(history?.objects.values() ?? [])].flat().flatMap((object) => {
    const resource = resources.find(object);
    return resource === undefined ? [] : [{ object, resource }];
  });
}
