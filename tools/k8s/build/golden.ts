// The manifests of stacks as checked-in files, which a review shows as a diff. Pure: text in, text out.
import { createTwoFilesPatch } from 'diff';

/** A stack's golden file and what it should hold. */
export interface Golden {
  /** The stack. */
  readonly stack: string;
  /** The file, relative to the workspace. */
  readonly path: string;
  /** The command that writes it. */
  readonly update: string;
  /** What is in it, or undefined where there is no such file. */
  readonly found: string | undefined;
  /** The stack's manifests, one text for each file. */
  readonly manifests: readonly string[];
}

/** The text of a golden file: all objects as the build rendered them, pinned digests included. */
export function goldenText({ stack, update, manifests }: Pick<Golden, 'stack' | 'update' | 'manifests'>): string {
  return `# ${stack}, as it is deployed; written by \`${update}\`.\n${manifests.map((text) => `---\n${text}`).join('')}`;
}

/** What the file lacks or has too much, as a patch; undefined where it is right. */
export function goldenDifference(golden: Golden): string | undefined {
  const wanted = goldenText(golden);
  if (golden.found === wanted) return undefined;
  const from = golden.found === undefined ? '/dev/null' : golden.path;
  // Without the line of equals signs that the library puts above.
  return createTwoFilesPatch(from, golden.stack, golden.found ?? '', wanted, '', '', { context: 3 }).replace(
    /^=+\n/,
    '',
  );
}
