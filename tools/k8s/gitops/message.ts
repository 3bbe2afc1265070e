// The message of a commit of manifests, which is the title and text of a pull request as well. Pure.
import type { PinnedImage } from '../model/plan_input.ts';
import { pinnedReference } from '../model/images.ts';
import type { StackFiles } from './tree.ts';

/** What a commit changes. */
export interface MessageOptions {
  readonly environment: string;
  /** The commit that the manifests were rendered from. */
  readonly source: string;
  /** Whether the tree had changes that the commit has not. */
  readonly isDirty: boolean;
  readonly stacks: readonly StackFiles[];
  /** Names of stacks whose files change. */
  readonly changed: ReadonlySet<string>;
  /** Names of stacks that are gone. */
  readonly removed: readonly string[];
}

const SHOWN_NAMES = 3;

/** The first line: `staging: redis, routeguide-server`. */
export function titleOf({ environment, stacks, changed, removed }: MessageOptions): string {
  const names = [
    ...stacks.map(({ name }) => name).filter((name) => changed.has(name)),
    ...removed.map((name) => `${name} removed`),
  ];
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  return `${environment}: ${names.slice(0, SHOWN_NAMES).join(', ')}${more}`;
}

/** The lines below: each stack that changes, with its pins and their commits. */
export function bodyOf({ source, isDirty, stacks, changed, removed }: MessageOptions): string {
  const lines = [`Rendered from commit ${source}${isDirty ? ', of a tree with changes' : ''}.`];
  for (const { name, label, pinned } of stacks.filter((stack) => changed.has(stack.name))) {
    lines.push('', `${name} (${label})`, ...pinLines(pinned));
  }
  if (removed.length > 0) lines.push('', `Removed: ${removed.join(', ')}`);
  return lines.join('\n');
}

function pinLines(pinned: readonly PinnedImage[]): string[] {
  const lines = pinned.map((pin) => {
    const commit = pin.commit === undefined ? 'commit not recorded' : `commit ${pin.commit}`;
    return `- ${pinnedReference(pin, pin.digest)}, ${commit}`;
  });
  return [...new Set(lines)].sort();
}
