// The values of a stack's secrets, filled in where something is about to be sent to a cluster.
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet, ObjectInput } from '../model/plan_input.ts';
import { type GeneratedOptions, createGenerated } from './generated.ts';
import { fillReferences, hasReferences, referencesOf } from './in_objects.ts';
import { type ProviderOptions, createProviders, encoded, requireVariables } from './providers.ts';
import type { SecretReference } from './reference.ts';

/** Options of {@link withSecrets}. */
export interface FillOptions extends ProviderOptions {
  /** Reads a Secret of the cluster. Default: there is no cluster yet, and objects with generated values stay as they are. */
  readonly live?: GeneratedOptions['live'];
}

/** The sets with values in place of references; they are not to be kept. Throws K8S_SECRET_*. */
export async function withSecrets(sets: readonly LoadedSet[], options: FillOptions): Promise<LoadedSet[]> {
  const inputs = sets.flatMap(({ objects }) => objects);
  const due = inputs.flatMap((input) =>
    input.objects.filter(hasReferences).flatMap((object) => {
      const references = referencesOf(object, input.label);
      return options.live === undefined && references.some(isGenerated) ? [] : [{ input, object, references }];
    }),
  );
  if (due.length === 0) return [...sets];
  requireVariables(
    due.flatMap(({ references }) => references),
    options.env,
  );
  const providers = createProviders(options);
  const live = options.live ?? (async () => undefined);
  const generated = createGenerated({ live, wanted: inputs.flatMap(({ objects }) => objects) });
  const filled = new Map<KubeObject, KubeObject>();
  // Two targets may have different files by one path: a rollback's and today's.
  for (const { input, object, references } of due) {
    const values = new Map<string, Buffer>();
    for (const reference of references) {
      if (values.has(reference.text)) continue;
      const value = isGenerated(reference)
        ? encoded(await generated.valueOf(reference, object.metadata.namespace ?? ''), reference)
        : await providers.valueOf(reference, input.secrets ?? []);
      values.set(reference.text, value);
    }
    filled.set(
      object,
      fillReferences(object, (reference) => {
        const value = values.get(reference);
        if (value === undefined) throw new Error(`no value was read for ${reference}`);
        return value;
      }),
    );
  }
  const fill = (input: ObjectInput): ObjectInput =>
    input.objects.some((object) => filled.has(object))
      ? { ...input, objects: input.objects.map((object) => filled.get(object) ?? object) }
      : input;
  return sets.map((set) => ({ ...set, objects: set.objects.map(fill) }));
}

function isGenerated({ provider }: SecretReference): boolean {
  return provider === 'generated';
}
