// What neither a prune nor a delete takes away, and why. Pure.
import { type KubeObject, groupKind, nameOf, textAt } from '../model/object.ts';
import { holdsData } from './order.ts';

/** `keep`: nothing that Fathom does deletes the object, whatever it is told. */
export const ON_DELETE = 'fathom.internal/on-delete';

export const HOLDS_DATA = 'holds data';

/** Whether the object itself says that it stays. */
export function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ON_DELETE] === 'keep';
}

/** Why a deletion of all `objects` leaves some of them; those that are not in the result may go. */
export function reasonsToKeep(objects: readonly KubeObject[], isPruningData: boolean): ReadonlyMap<KubeObject, string> {
  const reasons = new Map<KubeObject, string>();
  for (const object of objects) {
    if (isProtected(object)) reasons.set(object, `${ON_DELETE}: keep`);
    else if (holdsData(object) && !isPruningData) reasons.set(object, HOLDS_DATA);
  }
  // With its namespace or its definition an object would go, too.
  const staying = objects.filter(isProtected);
  for (const object of objects.filter((one) => !reasons.has(one))) {
    const dependent = staying.find((one) => isHomeOf(object, one));
    if (dependent !== undefined) reasons.set(object, `holds ${nameOf(dependent)}`);
  }
  return reasons;
}

function isHomeOf(home: KubeObject, object: KubeObject): boolean {
  const kind = groupKind(home);
  if (kind === 'Namespace') return object.metadata.namespace === home.metadata.name;
  if (kind !== 'CustomResourceDefinition.apiextensions.k8s.io') return false;
  const defined = `${textAt(home, 'spec', 'names', 'kind')}.${textAt(home, 'spec', 'group')}`;
  return groupKind(object) === defined;
}
