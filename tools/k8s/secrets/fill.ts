// The values of a stack's secrets, filled in where something is about to be sent to a cluster.
import type { LoadedSet, ObjectInput } from '../model/plan_input.ts';
import { fillReferences, hasReferences, referencesOf } from './in_objects.ts';
import { type ProviderOptions, createProviders, requireVariables } from './providers.ts';

/** The sets with values in place of references; they are not to be kept. Throws K8S_SECRET_*. */
export async function withSecrets(sets: readonly LoadedSet[], options: ProviderOptions): Promise<LoadedSet[]> {
  const inputs = sets.flatMap(({ objects }) => objects);
  const wanted = inputs.flatMap((input) =>
    input.objects
      .filter(hasReferences)
      .flatMap((object) => referencesOf(object, input.label))
      .map((reference) => ({ reference, input })),
  );
  if (wanted.length === 0) return [...sets];
  requireVariables(
    wanted.map(({ reference }) => reference),
    options.env,
  );
  const providers = createProviders(options);
  // Two targets may have different files by one path: a rollback's and today's.
  const values = new Map<ObjectInput, Map<string, Buffer>>();
  for (const { reference, input } of wanted) {
    const own = values.get(input) ?? new Map<string, Buffer>();
    values.set(input, own);
    if (!own.has(reference.text)) {
      own.set(reference.text, await providers.valueOf(reference, input.secrets ?? []));
    }
  }
  const fill = (input: ObjectInput): ObjectInput => {
    if (!input.objects.some(hasReferences)) return input;
    const own = values.get(input);
    const valueOf = (reference: string): Buffer => {
      const value = own?.get(reference);
      if (value === undefined) throw new Error(`no value was read for ${reference}`);
      return value;
    };
    return { ...input, objects: input.objects.map((object) => fillReferences(object, valueOf)) };
  };
  return sets.map((set) => ({ ...set, objects: set.objects.map(fill) }));
}
