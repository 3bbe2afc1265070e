// What can be wrong with a stack, as errors that say what to do.
import { ToolError } from '../../lib/errors.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { type KubeObject, groupOf, nameOf } from '../model/object.ts';
import { isWaitable, WAIT_FOR, WAIT_FOR_FORMS } from '../readiness/wait_for.ts';
import { PART_OF } from './applyset.ts';
import { ON_DELETE } from './kept.ts';
import { ON_IMMUTABLE } from './on_immutable.ts';

/** Errors of many objects as one. */
export interface Collector {
  /** Runs `work`; a ToolError of the API's about one object is kept for later. */
  guard<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Throws the first error with the words of all. */
  throwAll(): void;
}

const SHOWN = 10;

/** The hint where an error has none of its own. */
const CORRECT = 'Correct what the message names in the manifest, and apply again.';

/** Collects errors about single objects, so that a user sees all of them at once. */
export function collect(): Collector {
  const slots: (ToolError | undefined)[] = [];
  return {
    async guard(work) {
      // In the order of the objects, however fast their answers come.
      const slot = slots.push(undefined) - 1;
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ObjectError)) throw error;
        slots[slot] = error;
        return undefined;
      }
    },
    throwAll() {
      const errors = slots.filter((error) => error !== undefined);
      const [first] = errors;
      if (first === undefined) return;
      if (errors.length === 1) throw first;
      const lines = errors.slice(0, SHOWN).map((error) => `\n  ${error.message}`);
      const more = errors.length > SHOWN ? `\n  and ${errors.length - SHOWN} more` : '';
      throw new ToolError(first.code, `Planning: ${errors.length} objects cannot be applied${lines.join('')}${more}`, {
        cause: first,
        hint: first.hint ?? CORRECT,
      });
    },
  };
}

/** An error about one object. */
export class ObjectError extends ToolError {}

/** The API server's refusal of an object, in words that name its target. */
export function explain(error: KubeStatusError, object: KubeObject, label: string): ObjectError {
  const doing = `Planning ${nameOf(object)} of ${label}`;
  const conflicts = error.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
  if (conflicts.length > 0) {
    const fields = conflicts.map(({ field, message }) => `${field.replace(/^\./, '')} (${message})`).join(', ');
    return new ObjectError('K8S_FIELD_CONFLICT', `${doing}: other managers own ${fields}`, {
      cause: error,
      hint: 'Take the fields over with `-- --force-conflicts`, or remove them from the manifest.',
    });
  }
  return new ObjectError(error.code, `${doing}: ${error.said}`, {
    cause: error,
    hint: error.hint ?? CORRECT,
  });
}

/** Annotations that the engine reads, what they may be, and whether a value is that. */
const ANNOTATIONS: readonly (readonly [string, string, (value: string) => boolean])[] = [
  [ON_DELETE, 'keep', (value) => value === 'keep'],
  [ON_IMMUTABLE, 'recreate', (value) => value === 'recreate'],
  [WAIT_FOR, WAIT_FOR_FORMS, isWaitable],
];

/** Refuses a value of an annotation for the engine that would be taken for none. Throws K8S_ANNOTATION. */
export function requireKnownValues(object: KubeObject, label: string): void {
  for (const [annotation, forms, isKnown] of ANNOTATIONS) {
    const found = object.metadata.annotations?.[annotation];
    if (found === undefined || isKnown(found)) continue;
    throw new ObjectError('K8S_ANNOTATION', `Planning ${nameOf(object)} of ${label}: ${annotation} is '${found}'`, {
      hint: `Write ${annotation}: ${forms}, or leave it out.`,
    });
  }
}

/** A change that the server does not allow, of an object that it would take anew. Its words may quote whole fields. */
export function immutable(what: {
  readonly object: KubeObject;
  readonly label: string;
  readonly fields: readonly string[];
  readonly holdsData: boolean;
  /** Whether it says itself that it stays. */
  readonly isKept: boolean;
}): ObjectError {
  const { object, label, fields } = what;
  const problem = fields.length === 1 ? `${fields[0]} cannot be changed` : `${fields.join(', ')} cannot be changed`;
  return new ObjectError('K8S_IMMUTABLE', `Planning ${nameOf(object)} of ${label}: ${problem}`, {
    hint: what.isKept
      ? `Undo the change. To have it deleted and made anew take its annotation ${ON_DELETE} away first.`
      : what.holdsData
        ? 'Undo the change. `-- --recreate --prune-data` deletes it, and what it holds is lost.'
        : 'Undo the change, or delete it and make it anew with `-- --recreate`.',
  });
}

/** Refuses an object that another set has in its inventory. */
export function refuseForeignSet(object: KubeObject, live: KubeObject, ids: ReadonlySet<string>): void {
  const owner = live.metadata.labels?.[PART_OF];
  if (owner === undefined || owner === object.metadata.labels?.[PART_OF] || ids.has(owner)) return;
  throw new ObjectError('K8S_OTHER_SET', `Planning ${nameOf(object)}: it belongs to another stack (${owner})`, {
    hint: `Find it with \`kubectl get secrets -A -l applyset.kubernetes.io/id=${owner}\`, or take it over with \`-- --force-conflicts\`.`,
  });
}

/** A kind that the cluster does not serve; `served` is another version of it. */
export function unknownKind(object: KubeObject, label: string, served: string | undefined): ToolError {
  const { apiVersion, kind } = object;
  const group = groupOf(apiVersion);
  const also = served === undefined ? '' : `, but ${served}`;
  const isCustom = group.includes('.') && !group.endsWith('.k8s.io');
  const hint =
    served !== undefined
      ? `Write apiVersion: ${served}.`
      : isCustom
        ? `Apply the stack with the CustomResourceDefinition of group ${group} and kind ${kind} first, or put it into this stack.`
        : 'Correct apiVersion and kind, or use a newer cluster.';
  return new ToolError(
    'K8S_UNKNOWN_KIND',
    `Planning ${nameOf(object)} of ${label}: the cluster has no ${apiVersion} ${kind}${also}`,
    { hint },
  );
}

export function duplicate(object: KubeObject, labels: readonly string[]): ToolError {
  return new ToolError('K8S_DUPLICATE_OBJECT', `Planning ${nameOf(object)}: ${labels.join(' and ')} both have it`, {
    hint: 'Remove one of the two.',
  });
}

export function missingNamespace(name: string, context: string): ToolError {
  return new ToolError('K8S_NAMESPACE_MISSING', `Planning: context '${context}' has no namespace '${name}'`, {
    hint: 'Apply the stack that makes the namespaces first (in a checkout of Fathom `bazel run //prod:kinds.apply`).',
  });
}

export function terminatingNamespace(name: string): ToolError {
  return new ToolError('K8S_NAMESPACE_TERMINATING', `Planning: namespace '${name}' is being deleted`, {
    hint: 'Wait until it is gone, then run it again.',
  });
}

export function foreignParent(parent: KubeObject, tool: string | undefined): ToolError {
  return new ToolError(
    'K8S_FOREIGN_INVENTORY',
    `Planning: ${nameOf(parent)} is the inventory of ${tool ?? 'nobody known'}`,
    {
      hint: 'Rename the stack (attribute stack), or delete that Secret if nobody needs it.',
    },
  );
}
