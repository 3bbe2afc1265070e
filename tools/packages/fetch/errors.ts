// The failures of fetching a package, in one form for all kinds.
import { ToolError } from '../../lib/errors.ts';

/** What {@link changedFile} tells. */
export interface ChangedFile {
  /** The archive or package. */
  readonly file: string;
  /** Where it came from: a URL, a registry's own tool. */
  readonly source: string;
  /** Hash of the lock, with its algorithm: `sha256:…`, `sha512-…`, `h1:…`. */
  readonly expected: string;
  /** Hash of what was found, in the same form. */
  readonly found: string;
}

/** PACKAGE_CHANGED: a file is not the one that the lock pins. */
export function changedFile({ file, source, expected, found }: ChangedFile): ToolError {
  return new ToolError('PACKAGE_CHANGED', `Fetching ${file} from ${source}: expected ${expected}, found ${found}`, {
    hint: 'Use another mirror; if the package was replaced on purpose, look at what changed, and pin it anew.',
  });
}

/** PACKAGE_GONE: no source has the file any more. */
export function goneFile(file: string, tried: readonly string[], hint: string): ToolError {
  return new ToolError('PACKAGE_GONE', `Fetching ${file}: no source has it: ${tried.join('; ')}`, { hint });
}

/** PACKAGE_UNREACHABLE: no source answered, or one refused. */
export function unreachableFile(file: string, tried: readonly string[], cause: unknown): ToolError {
  return new ToolError('PACKAGE_UNREACHABLE', `Fetching ${file}: ${tried.join('; ')}`, {
    cause,
    hint: 'Check the network and the mirror, and fetch again: it continues where it stopped.',
  });
}
