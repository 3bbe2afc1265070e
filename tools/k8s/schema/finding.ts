// What a check has to say of an object, and the objects that checks look at.
import { type KubeObject, nameOf } from '../model/object.ts';
import { type Path, formatPath } from './path.ts';

/** The codes of findings; docs/checks.md says what each means. */
export type FindingCode =
  | 'MANIFEST_UNKNOWN_FIELD'
  | 'MANIFEST_WRONG_TYPE'
  | 'MANIFEST_MISSING_FIELD'
  | 'MANIFEST_INVALID_VALUE'
  | 'MANIFEST_DUPLICATE_ITEM'
  | 'MANIFEST_UNKNOWN_KIND'
  | 'MANIFEST_UNKNOWN_VERSION'
  | 'MANIFEST_API_REMOVED'
  | 'MANIFEST_API_DEPRECATED'
  | 'MANIFEST_IMAGE_TAG'
  | 'MANIFEST_NO_RESOURCES'
  | 'MANIFEST_PRIVILEGED'
  | 'MANIFEST_HOST_PATH'
  | 'MANIFEST_HOST_NAMESPACE'
  | 'MANIFEST_RUN_AS_ROOT'
  | 'MANIFEST_SECRET_VALUE'
  | 'MANIFEST_WAIVER_UNKNOWN'
  | 'MANIFEST_WAIVER_UNUSED';

/** Something that is wrong with an object. */
export interface Problem {
  readonly code: FindingCode;
  readonly path: Path;
  /** What is wrong, without a full stop. */
  readonly message: string;
  /** An imperative sentence: the edit that mends it. */
  readonly hint: string;
}

/** A problem and where it is. */
export interface Finding {
  readonly code: FindingCode;
  /** The target whose manifest it is; empty for a plain file. */
  readonly label: string;
  readonly file: string;
  /** `Deployment prod/web`. */
  readonly object: string;
  /** `spec.replicas`. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** The objects of one file. */
export interface Manifest {
  readonly label: string;
  readonly file: string;
  readonly objects: readonly KubeObject[];
  /** Strings that mean images which are pushed: a digest takes their place. Default: none. */
  readonly builtImages?: readonly string[];
  /** The release of the cluster that it is for, `1.34`. Default: that of the schemas. */
  readonly kubernetesVersion?: string;
}

/** A finding out of a problem. */
export function findingOf(problem: Problem, object: KubeObject, manifest: Manifest): Finding {
  const { code, path, message, hint } = problem;
  const { label, file } = manifest;
  return { code, label, file, object: nameOf(object), path: formatPath(path), message, hint };
}
