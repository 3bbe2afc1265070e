// Whether the members of a stack fit together. Pure.
import { ToolError } from '../../lib/errors.ts';
import { keyOf, nameOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';

/**
 * Refuses two objects with one name: the stack that is applied last would take the other's over.
 * Objects of kinds without namespaces are taken to be in their target's: what differs in that alone, the engine finds.
 */
export function checkStack(label: string, sets: readonly LoadedSet[]): void {
  const owners = new Map<string, string>();
  for (const input of sets.flatMap((set) => set.objects)) {
    const { cluster, context, namespace } = input.connection;
    for (const object of input.objects) {
      const placed = { ...object, metadata: { namespace, ...object.metadata } };
      const key = `${context || cluster}\n${keyOf(placed)}`;
      const other = owners.get(key);
      if (other !== undefined && other !== input.label) {
        throw new ToolError(
          'K8S_DUPLICATE_OBJECT',
          `Reading ${label}: ${nameOf(placed)} is both in ${other} and in ${input.label}`,
          { hint: 'Give the object of one of them another name: what others have cannot be taken twice.' },
        );
      }
      owners.set(key, input.label);
    }
  }
}
