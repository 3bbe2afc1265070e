// The one annotation by which an object says that it does what a policy forbids, and means it.
import { nearest } from '../../lib/nearest.ts';
import type { KubeObject } from '../model/object.ts';
import { POLICIES } from './check_policies.ts';
import type { Problem } from './finding.ts';

/** `fathom.internal/allow: host-path, privileged`. */
export const WAIVER_ANNOTATION = 'fathom.internal/allow';

/** All names that the annotation takes. */
export const WAIVER_NAMES: readonly string[] = [...Object.keys(POLICIES), 'deprecated-api'].sort();

/** A problem, and the name that waives it; problems without one cannot be waived. */
export interface Waivable {
  readonly problem: Problem;
  readonly policy?: string;
}

/** The problems that an object does not waive, and those of its waivers: unknown names, and waivers of nothing. */
export function applyWaivers(object: KubeObject, found: readonly Waivable[]): Problem[] {
  const text = object.metadata.annotations?.[WAIVER_ANNOTATION];
  const waived = (text ?? '').split(',').map((name) => name.trim());
  const left = found.filter(({ policy }) => policy === undefined || !waived.includes(policy));
  if (text === undefined) return left.map(({ problem }) => problem);
  return [...left.map(({ problem }) => problem), ...waived.flatMap((name) => waiverProblem(name, found))];
}

function waiverProblem(name: string, found: readonly Waivable[]): Problem[] {
  const path = ['metadata', 'annotations', WAIVER_ANNOTATION];
  if (!WAIVER_NAMES.includes(name)) {
    return [
      {
        code: 'MANIFEST_WAIVER_UNKNOWN',
        path,
        message: `there is no policy '${name}'; the nearest is '${nearest(name, WAIVER_NAMES)}'`,
        hint: `Name one of ${WAIVER_NAMES.join(', ')}, separated by commas.`,
      },
    ];
  }
  if (found.some(({ policy }) => policy === name)) return [];
  return [
    {
      code: 'MANIFEST_WAIVER_UNUSED',
      path,
      message: `'${name}' waives nothing: the object keeps that policy`,
      hint: `Remove '${name}' from the annotation.`,
    },
  ];
}
