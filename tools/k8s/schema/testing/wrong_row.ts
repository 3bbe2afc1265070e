// Wrong manifests as rows: a good object, one change, and what must be found in it and where.
import type { KubeObject } from '../../model/object.ts';
import type { FindingCode } from '../finding.ts';
import { formatPath, type Path } from '../path.ts';

/** A wrong manifest. */
export interface WrongManifest {
  readonly name: string;
  readonly object: KubeObject;
  readonly code: FindingCode;
  /** Where it must be found. */
  readonly path: string;
  /** A text that message and hint must have. */
  readonly says: string;
  /** The cluster's release, where the row is about that. */
  readonly kubernetesVersion?: string;
}

/** In the place of a value: what is there is taken away. */
export const REMOVED = Symbol('removed');

/** `value` with what is at a path replaced, or removed. */
export function changed<T>(value: T, path: Path, to: unknown): T {
  const [part, ...rest] = path;
  if (part === undefined) return to as T;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  if (rest.length === 0 && to === REMOVED) delete copy[part];
  else copy[part] = changed(copy[part] ?? {}, rest, to);
  return copy as T;
}

/** One row; `at` is where the finding is, by default where the change is. */
export type Row = readonly [
  name: string,
  object: KubeObject,
  path: Path,
  to: unknown,
  code: FindingCode,
  says: string,
  at?: Path,
];

/** Parts of paths that many rows have. */
export const POD = ['spec', 'template', 'spec'] as const;
export const CONTAINER = [...POD, 'containers', 0] as const;
export const JOB_POD = ['spec', 'jobTemplate', 'spec', 'template', 'spec'] as const;

/** The manifests of rows; `what` begins their names. */
export function rows(what: string, list: readonly Row[]): WrongManifest[] {
  return list.map(([name, object, path, to, code, says, at = path]) => ({
    name: `${what}: ${name}`,
    object: changed(object, path, to),
    code,
    path: formatPath(at),
    says,
  }));
}
