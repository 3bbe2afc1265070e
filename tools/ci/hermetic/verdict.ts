// What two builds' logs amount to: an error that names the first cause, or a line that says what was seen.
import { ToolError } from '../../lib/errors.ts';
import type { LogComparison } from './compare_logs.ts';
import type { Survey } from './declared.ts';

/** How many lines of one action's differences are shown. */
const SHOWN = 10;

/** The line of a check that has found nothing. Throws HERMETIC_NOTHING, HERMETIC_DIFFERS, HERMETIC_UNDECLARED. */
export function judge(comparison: LogComparison, { undeclared, sandboxed }: Survey, images: readonly string[]): string {
  const { actions, differing, first } = comparison;
  if (actions === 0) {
    throw new ToolError('HERMETIC_NOTHING', 'Comparing actions: none ran', { hint: 'Name targets that have actions.' });
  }
  if (first !== undefined) {
    throw new ToolError(
      'HERMETIC_DIFFERS',
      `Comparing actions: ${differing} of ${actions} differ, first ${shown(first)}`,
      {
        hint: 'Find who makes that input, or why the action writes something else: a time, a host path, HOME, an order.',
      },
    );
  }
  if (images.length > 0) {
    throw new ToolError('HERMETIC_DIFFERS', `Comparing images: ${images.length} differ\n${images.join('\n')}`, {
      hint: 'All actions are the same: look for a file that an analysis writes.',
    });
  }
  if (undeclared.length > 0) {
    throw new ToolError(
      'HERMETIC_UNDECLARED',
      `Looking at actions: ${undeclared.length} use what they do not declare\n${undeclared.slice(0, SHOWN).join('\n')}`,
      { hint: 'Make the program or file an input of the action, and name it by its path in the execution root.' },
    );
  }
  return `${actions} actions are the same in both builds, ${sandboxed} of them saw no program of this machine but sh`;
}

/** What was found of a planted time. Throws HERMETIC_BLIND: a check that can't see it proves nothing. */
export function planted(file: string, { first }: LogComparison): string {
  if (first !== undefined) return shown(first);
  throw new ToolError('HERMETIC_BLIND', `Comparing actions: the time planted in ${file} changed none`, {
    hint: 'Plant it in a source of what is built.',
  });
}

function shown({ action, differences }: NonNullable<LogComparison['first']>): string {
  const more = differences.length <= SHOWN ? [] : [`and ${differences.length - SHOWN} more`];
  return [action, ...differences.slice(0, SHOWN), ...more].join('\n  ');
}
