// Paths that two layers of an image have and disagree on: the upper one wins, which is seldom what was meant.
import { ToolError } from '../../lib/errors.ts';
import type { LayerContents } from '../layer/contents.ts';
import { describeEntry } from './format.ts';
import { type Conflict, viewImage } from './view.ts';

/** What to do about them. */
export type ConflictPolicy = 'warn' | 'error' | 'ignore';

export interface CheckConflictsOptions {
  /** The image's label. */
  readonly image: string;
  /** Lowest first. */
  readonly layers: readonly LayerContents[];
  /** Where the image's own layers begin; what its base's layers disagree on was said when that was built. */
  readonly from: number;
  /** Paths that may be replaced, with all that is below them. */
  readonly replaces: readonly string[];
  readonly policy: ConflictPolicy;
  readonly warn: (message: string) => void;
}

/** More would hide what else the build has to say. */
const MOST_SHOWN = 10;

/** Warns of conflicts, or throws OCI_LAYERS_DISAGREE. */
export function checkConflicts(options: CheckConflictsOptions): void {
  const { layers, policy, image } = options;
  if (policy === 'ignore') return;
  const replaced = options.replaces.map((path) => path.replace(/^\/+|\/+$/g, ''));
  const conflicts = viewImage(layers).conflicts.filter(
    ({ path, upper }) =>
      upper.layer >= options.from && !replaced.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
  );
  if (conflicts.length === 0) return;
  const lines = conflicts.slice(0, MOST_SHOWN).map((conflict) => describeConflict(conflict, layers));
  if (conflicts.length > MOST_SHOWN) lines.push(`and ${conflicts.length - MOST_SHOWN} more paths`);
  if (policy === 'warn') {
    for (const line of lines) options.warn(`${image}: ${line}`);
    return;
  }
  throw new ToolError('OCI_LAYERS_DISAGREE', `Building ${image}: ${lines.join('; ')}`, {
    hint: "Leave the path out of one of the layers, or name it in the image's 'replaces'.",
  });
}

/** `/etc/x of //a:layer (…) is replaced by //b:layer (…)`. */
export function describeConflict({ path, lower, upper }: Conflict, layers: readonly LayerContents[]): string {
  const of = (layer: number) => layers[layer]?.createdBy ?? '';
  const [below, above] = [describeEntry(lower.entry), describeEntry(upper.entry)];
  return `/${path} of ${of(lower.layer)} (${below}) is replaced by ${of(upper.layer)} (${above})`;
}
