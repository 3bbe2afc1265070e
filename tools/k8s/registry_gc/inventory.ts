// What a registry holds, as the program in its image tells (third_party/go/registry/inventory.go). No I/O.
import { type Digest, digestOf, isDigest } from '../../lib/digest.ts';
import { ToolError, errorText } from '../../lib/errors.ts';
import { asList, at, asRecord } from '../model/object.ts';

/** A manifest or index of one repository. */
export interface Manifest {
  readonly repository: string;
  readonly digest: Digest;
  /** When it was pushed last, in milliseconds as Date counts, by the clock of the registry's node. */
  readonly modifiedMs: number;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** What it needs: configuration and layers, or the manifests of an index. */
  readonly references: readonly Digest[];
  /** The configuration; undefined for an index. Some runtimes call an image by it. */
  readonly config: Digest | undefined;
  /** What it is a document about. */
  readonly subject: Digest | undefined;
}

/** A tag of one repository. */
export interface Tag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
}

/** All that a registry holds. */
export interface Inventory {
  readonly manifests: readonly Manifest[];
  readonly tags: readonly Tag[];
  /** The size in bytes of each blob, manifests included. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

/** Reads the lines of `registry inventory`. Throws K8S_REGISTRY_INVENTORY where one is not understood, or the end is missing. */
export function parseInventory(text: string): Inventory {
  const manifests: Manifest[] = [];
  const tags: Tag[] = [];
  const blobs = new Map<Digest, number>();
  let isWhole = false;
  const lines = text.split('\n').filter((one) => one !== '');
  for (const line of lines) {
    const entry = recordOf(line);
    const { kind, repository, digest, tag, size = 0, count = 0 } = entry;
    if (kind === 'end') isWhole = count === lines.length - 1;
    else if (kind === 'manifest' && typeof repository === 'string') manifests.push(manifestOf(entry, repository));
    else if (kind === 'tag' && typeof repository === 'string' && typeof tag === 'string' && isDigest(digest)) {
      tags.push({ repository, tag, digest });
    } else if (kind === 'blob' && isDigest(digest) && typeof size === 'number') blobs.set(digest, size);
    else throw invalid(`the line ${line.slice(0, 200)}`);
  }
  if (!isWhole) throw invalid('the list is not whole');
  return { manifests, tags, blobs };
}

/** Where a manifest is: the same one may be in several repositories. */
export function manifestKey({ repository, digest }: Pick<Manifest, 'repository' | 'digest'>): string {
  return `${repository}@${digest}`;
}

function manifestOf(entry: Readonly<Record<string, unknown>>, repository: string): Manifest {
  const { digest, modified, content, mediaType } = entry;
  const modifiedMs = typeof modified === 'string' ? Date.parse(modified) : Number.NaN;
  const where = `manifest ${repository}@${String(digest)}`;
  if (!isDigest(digest) || Number.isNaN(modifiedMs) || typeof content !== 'string' || typeof mediaType !== 'string') {
    throw invalid(where);
  }
  const bytes = Buffer.from(content, 'base64');
  if (digestOf(bytes) !== digest) throw invalid(`${where}, whose bytes are others`);
  const document = recordOf(bytes.toString('utf8'));
  const named = ['manifests', 'layers', 'blobs', 'fsLayers'].flatMap((field) => asList(document[field]));
  const config = digestAt(document['config']);
  const references = [config, ...named.map(digestAt)].filter((one) => one !== undefined);
  return {
    repository,
    digest,
    modifiedMs,
    mediaType,
    bytes,
    references,
    config,
    subject: digestAt(document['subject']),
  };
}

function digestAt(descriptor: unknown): Digest | undefined {
  const digest = at(descriptor, 'digest');
  return isDigest(digest) ? digest : undefined;
}

function recordOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const record = asRecord(JSON.parse(text));
    if (record !== undefined) return record;
  } catch (cause) {
    throw invalid(`${text.slice(0, 200)}: ${errorText(cause)}`, cause);
  }
  throw invalid(text.slice(0, 200));
}

function invalid(problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_REGISTRY_INVENTORY', `Reading what the registry holds: not understood: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Use the registry of this checkout: nodes get its image when their cluster is made, by `./fathom up`.',
  });
}
