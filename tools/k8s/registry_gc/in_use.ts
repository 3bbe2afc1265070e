// Which images objects need: every digest in them, and every image that they name by a tag. Pure.
import { type Digest, isDigest } from '../../lib/digest.ts';
import { asRecord } from '../model/object.ts';
import type { Pins } from '../model/pins.ts';

/** What must be kept. */
export interface InUse {
  readonly digests: ReadonlySet<Digest>;
  /** `repository:tag`, of whatever registry. */
  readonly tags: ReadonlySet<string>;
}

const DIGEST = /sha256:[0-9a-f]{64}/g;

/**
 * What the objects need. A digest counts wherever it stands, also in a status, an annotation or an argument: kept in vain
 * costs space, deleted in vain a service.
 */
export function inUseOf(objects: Iterable<unknown>): InUse {
  const digests = new Set<Digest>();
  const tags = new Set<string>();
  for (const object of objects) visit(object, '', { digests, tags, isStatus: false });
  return { digests, tags };
}

/** The pinned digests of all environments, with those of their bills of materials. */
export function inUseOfPins(all: readonly Pins[]): InUse {
  return inUseOf(all);
}

/** All that any of them needs. */
export function unionOf(parts: readonly InUse[]): InUse {
  return {
    digests: new Set(parts.flatMap(({ digests }) => [...digests])),
    tags: new Set(parts.flatMap(({ tags }) => [...tags])),
  };
}

/** `repository:tag` of an image that is named by a tag; undefined where a digest names it. */
export function tagOf(image: string): string | undefined {
  if (image === '' || image.includes('@')) return undefined;
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  const name = isRegistry ? image.slice(slash + 1) : image;
  return name.includes(':') ? name : `${name}:latest`;
}

interface Found {
  readonly digests: Set<Digest>;
  readonly tags: Set<string>;
  /** Whether it is in a status. */
  readonly isStatus: boolean;
}

function visit(value: unknown, field: string, found: Found): void {
  if (typeof value === 'string') {
    for (const [digest] of value.matchAll(DIGEST)) if (isDigest(digest)) found.digests.add(digest);
    // Containers of pods and of templates have their image there, and so have the kinds of most operators.
    const tag = field === 'image' ? tagOf(value) : undefined;
    if (tag !== undefined) found.tags.add(tag);
  } else if (Array.isArray(value)) {
    for (const item of value) visit(item, field, found);
  } else {
    // What a status says to people may be the end of a log, such as that of the registry about its last pushes.
    const isTold = ([key]: readonly [string, unknown]) => key === 'message' && found.isStatus;
    for (const [key, item] of Object.entries(asRecord(value) ?? {}).filter((entry) => !isTold(entry))) {
      visit(item, key, key === 'status' ? { ...found, isStatus: true } : found);
    }
  }
}
