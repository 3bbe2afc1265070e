// What a person reads: one line for each object, and the fields that differ.
import { formatDuration } from '../../lib/log.ts';
import { type KubeObject, nameOf } from '../model/object.ts';
import { type FieldChange, redactChange } from './changes.ts';
import type { PlannedObject } from './plan.ts';
import type { PhaseTimes } from './progress.ts';

type Paint = (text: string) => string;

/** Colours, which are only for terminals. */
export interface Colors {
  readonly added: Paint;
  readonly removed: Paint;
  readonly changed: Paint;
  readonly faint: Paint;
}

/** Colours for a stream: none where it is no terminal, or where NO_COLOR is set. */
export function colorsFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Colors {
  const isColored = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint =
    (code: number): Paint =>
    (text) =>
      isColored ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { added: paint(32), removed: paint(31), changed: paint(33), faint: paint(2) };
}

const WORDS = {
  create: 'created',
  update: 'updated',
  recreate: 'recreated',
  adopt: 'adopted',
  unchanged: 'unchanged',
  prune: 'pruned',
  delete: 'deleted',
  keep: 'kept',
} as const;

/** The word for what was done, in a column. */
export function doneWord(action: PlannedObject['action'], colors: Colors): string {
  return paintOf(action, colors)(WORDS[action].padEnd(9));
}

function paintOf(action: PlannedObject['action'], colors: Colors): Paint {
  if (action === 'create') return colors.added;
  if (action === 'prune' || action === 'delete' || action === 'recreate') return colors.removed;
  return action === 'update' || action === 'adopt' ? colors.changed : colors.faint;
}

const SHOWN_PATHS = 3;

/** `updated   Deployment prod/server  spec.template…image`. */
export function objectLine({ action, object, changes, reason }: PlannedObject, colors: Colors): string {
  const paths = changes.slice(0, SHOWN_PATHS).map(({ path }) => path);
  const more = changes.length > SHOWN_PATHS ? `, ${changes.length - SHOWN_PATHS} more` : '';
  const words = reason ?? `${paths.join(', ')}${more}`;
  const detail = words === '' ? '' : `  ${colors.faint(words)}`;
  return `${doneWord(action, colors)} ${nameOf(object)}${detail}`;
}

/** `12 objects: 1 created, 1 updated, 10 unchanged, in 1.2 s (plan 0.4 s, apply 0.8 s)`. */
export function summary(actions: readonly PlannedObject['action'][], elapsedMs: number, phases: PhaseTimes): string {
  const counts = Object.entries(WORDS)
    .map(([action, word]) => [actions.filter((one) => one === action).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  const noun = actions.length === 1 ? 'object' : 'objects';
  return `${actions.length} ${noun}: ${counts.join(', ') || 'nothing to do'}, in ${timesText(elapsedMs, phases)}`;
}

/** `1.2 s (plan 0.4 s, apply 0.8 s)`; phases of less than a millisecond are left out. */
export function timesText(elapsedMs: number, phases: PhaseTimes): string {
  const times = [...phases].filter(([, ms]) => ms >= 1).map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
  return `${formatDuration(elapsedMs)}${times.length === 0 ? '' : ` (${times.join(', ')})`}`;
}

/** The lines of a field diff. */
export function changeLines(
  object: Pick<KubeObject, 'kind'>,
  changes: readonly FieldChange[],
  colors: Colors,
): string[] {
  return changes
    .map((change) => redactChange(object, change))
    .flatMap(({ path, before, after }) => [
      `    ${path}`,
      ...(before === undefined ? [] : [colors.removed(`      - ${show(before)}`)]),
      ...(after === undefined ? [] : [colors.added(`      + ${show(after)}`)]),
    ]);
}

/** What would be done with one object, and the fields that differ. */
export function diffLines({ action, object, changes, reason }: PlannedObject, colors: Colors): string[] {
  if (action === 'keep') return [colors.faint(`= ${nameOf(object)}  ${reason ?? 'kept'}`)];
  if (action === 'create') return [colors.added(`+ ${nameOf(object)}`)];
  if (action === 'prune' || action === 'delete') return [colors.removed(`- ${nameOf(object)}`)];
  if (action === 'recreate') {
    return [colors.removed(`-/+ ${nameOf(object)}`), ...changes.map(({ path }) => `    ${path}`)];
  }
  return [colors.changed(`~ ${nameOf(object)}`), ...changeLines(object, changes, colors)];
}

const MAX_VALUE = 400;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${text.length} characters)` : text;
}
