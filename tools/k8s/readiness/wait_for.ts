// What an object itself says that it is to be waited for, in the words of `kubectl wait --for`:
// https://kubernetes.io/docs/reference/kubectl/generated/kubectl_wait/. Pure.
import { type KubeObject, at } from '../model/object.ts';
import { CURRENT, type Status, conditionOf, conditionText, progressing } from './status.ts';

/** `condition=Available`, `condition=Synced=False`, `jsonpath={.status.phase}=Running`, `jsonpath={.status.address}`. */
export const WAIT_FOR = 'fathom.internal/wait-for';

/** The forms of the annotation's value, for errors. */
export const WAIT_FOR_FORMS = 'condition=<type>[=<status>] or jsonpath={.<field>.<field>…}[=<value>]';

type Wanted =
  | { readonly kind: 'condition'; readonly type: string; readonly status: string }
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly value: string | undefined };

const CONDITION = /^condition=([\w./-]+)(?:=(\w+))?$/;
const FIELD = /^jsonpath='?\{((?:\.[\w-]+|\[\d+\])+)\}'?(?:=(.+))?$/;

/** What a value of the annotation asks for; undefined where it is none. */
function parse(text: string): Wanted | undefined {
  const [, type, status = 'True'] = CONDITION.exec(text) ?? [];
  if (type !== undefined) return { kind: 'condition', type, status };
  const [, fields, value] = FIELD.exec(text) ?? [];
  return fields === undefined ? undefined : { kind: 'field', path: fields.match(/[\w-]+/g) ?? [], value };
}

/** Whether a value of the annotation can be waited for. */
export function isWaitable(text: string): boolean {
  return parse(text) !== undefined;
}

/** How far a live object is by its annotation; an object without one is as wanted. */
export function annotatedStatus(object: KubeObject): Status {
  const text = object.metadata.annotations?.[WAIT_FOR];
  const wanted = text === undefined ? undefined : parse(text);
  if (wanted === undefined) return CURRENT;
  return wanted.kind === 'condition' ? conditionStatus(object, wanted) : fieldStatus(object, wanted);
}

function conditionStatus(object: KubeObject, { type, status }: Wanted & { kind: 'condition' }): Status {
  const found = conditionOf(object, type);
  if (found === undefined) return progressing(`no condition ${type} yet`);
  const { observedGeneration = Infinity } = found;
  if (observedGeneration < (object.metadata.generation ?? 0))
    return progressing(`its condition ${type} is one of before the change`);
  if (found.status.toLowerCase() === status.toLowerCase()) return CURRENT;
  const words = conditionText(found);
  return progressing(`${type} is ${found.status || 'Unknown'}${words === '' ? '' : ` (${words})`}`);
}

function fieldStatus(object: KubeObject, { path, value }: Wanted & { kind: 'field' }): Status {
  let found: unknown = object;
  for (const step of path) found = Array.isArray(found) ? found[Number(step)] : at(found, step);
  const shown = typeof found === 'object' && found !== null ? JSON.stringify(found) : String(found ?? '');
  const isThere = value === undefined ? !['', '{}', '[]'].includes(shown) : shown === value;
  if (isThere) return CURRENT;
  return progressing(`${path.join('.')} is ${shown === '' ? 'not there yet' : `'${shown}'`}`);
}
