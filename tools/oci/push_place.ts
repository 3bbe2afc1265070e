// Where an image goes: what an oci_push target says, with the workspace status and files of the moment it is run.
import { ToolError } from '../lib/errors.ts';
import { parseStatus, stamp } from './image/stamp.ts';

/** What the target and the caller said, the latter first where both did. */
export interface PlaceOptions {
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  /** A file with the repository. Default: none. */
  readonly repositoryFile?: string | undefined;
  /** The caller's tags. Default: the target's. */
  readonly tags?: readonly string[] | undefined;
  /** The target's tags. Default: none. */
  readonly defaultTags?: readonly string[] | undefined;
  /** A file with the target's tags, one a line. Default: none. */
  readonly tagFile?: string | undefined;
  /** Bazel's workspace status files. Default: none, nothing is stamped. */
  readonly statusFiles?: readonly string[] | undefined;
}

export interface Place {
  readonly registry: string;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** The place. `read` gets a file's text. Throws OCI_USAGE, OCI_STAMP_UNKNOWN. */
export async function placeOf(options: PlaceOptions, read: (path: string) => Promise<string>): Promise<Place> {
  const { registry, repositoryFile, tagFile, defaultTags = [], statusFiles = [] } = options;
  const repository = options.repository ?? (await linesOf(repositoryFile, read)).at(0);
  if (registry === undefined || repository === undefined) {
    const missing = registry === undefined ? '--registry' : `--repository${emptyFile(repositoryFile)}`;
    throw new ToolError('OCI_USAGE', `Pushing an image: ${missing} is missing`, {
      hint: 'Run an oci_push target: `bazel run //services/x:push`.',
    });
  }
  const tags = options.tags ?? [...defaultTags, ...(await linesOf(tagFile, read))];
  const texts = await Promise.all(statusFiles.map(read));
  const status = new Map(texts.flatMap((text) => [...parseStatus(text)]));
  const filled = (text: string, what: string) => stamp(text, { status, what, doing: 'Pushing an image' });
  return {
    registry: filled(registry, 'registry'),
    repository: filled(repository, 'repository'),
    tags: tags.map((tag) => filled(tag, 'tag')),
  };
}

async function linesOf(path: string | undefined, read: (path: string) => Promise<string>): Promise<string[]> {
  if (path === undefined) return [];
  const lines = (await read(path)).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

function emptyFile(path: string | undefined): string {
  return path === undefined ? '' : ` (${path} is empty)`;
}
