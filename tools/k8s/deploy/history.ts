// What each apply of a stack did, kept in the parent of its set: who, when, of which commit, and the objects.
//
// The parent's data has two keys: `revisions.json`, the last ten revisions, and `objects.json.zst`, their objects. An
// object that several revisions share is stored once, so ten revisions cost little more than one. A Secret holds
// 1 MiB: past MAX_BYTES the objects of the oldest revisions go, and such a revision can be listed but not restored.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type KubeObject, asList, asRecord, at } from '../model/object.ts';

/** How many revisions are kept. */
export const KEPT_REVISIONS = 10;

/** What the two keys may hold together; the rest of the Secret's 1 MiB is for what grows beside them. */
export const MAX_BYTES = 960 * 1024;

export const REVISIONS_KEY = 'revisions.json';
export const OBJECTS_KEY = 'objects.json.zst';

/** One apply of a stack. */
export interface Revision {
  /** Counts up by one. */
  readonly number: number;
  /** What is the same for all stacks that one run changed. */
  readonly run: string;
  readonly verb: 'apply' | 'create' | 'replace' | 'rollback';
  /** `started`: the run was cut off, or failed, before all was written. */
  readonly state: 'started' | 'done';
  /** `ada@laptop`. */
  readonly who: string;
  /** When it began, RFC 3339. */
  readonly when: string;
  /** The commit of the checkout; undefined where there was none. */
  readonly commit?: string;
  /** Whether the checkout had changes that are in no commit. */
  readonly isDirty?: boolean;
  /** The images by digest, sorted. */
  readonly images: readonly string[];
  /** The revision whose objects it put back. */
  readonly restores?: number;
}

/** The revisions of a stack, the oldest first, and the objects of those that still have them. */
export interface History {
  readonly revisions: readonly Revision[];
  readonly objects: ReadonlyMap<number, readonly KubeObject[]>;
}

export const NO_HISTORY: History = { revisions: [], objects: new Map() };

/** The history in a parent's data. What cannot be read counts as none: a newer one is written over it. */
export function readHistory(parent: KubeObject | undefined): History {
  try {
    return parseHistory(parent);
  } catch {
    return NO_HISTORY;
  }
}

/** The history in a parent's data; none where it has none. Throws what says why one that is there cannot be read. */
export function parseHistory(parent: KubeObject | undefined): History {
  const data = asRecord(parent?.['data']);
  if (data?.[REVISIONS_KEY] === undefined && data?.[OBJECTS_KEY] === undefined) return NO_HISTORY;
  const list = asList(JSON.parse(decode(data[REVISIONS_KEY]).toString('utf8'))) as readonly Revision[];
  return { revisions: list, objects: readObjects(data[OBJECTS_KEY]) };
}

function readObjects(data: unknown): ReadonlyMap<number, readonly KubeObject[]> {
  const archive: unknown = JSON.parse(zstdDecompressSync(decode(data)).toString('utf8'));
  const all = asList(at(archive, 'objects')) as readonly KubeObject[];
  const members = Object.entries(asRecord(at(archive, 'members')) ?? {});
  return new Map(
    members.map(([number, indices]) => [Number(number), asList(indices).flatMap((index) => all[Number(index)] ?? [])]),
  );
}

function decode(data: unknown): Buffer {
  return Buffer.from(typeof data === 'string' ? data : '', 'base64');
}

/** The history with one more revision; the oldest goes where there are more than are kept. */
export function withRevision(history: History, revision: Revision, objects: readonly KubeObject[]): History {
  const revisions = [...history.revisions, revision].slice(-KEPT_REVISIONS);
  const all = new Map([...history.objects, [revision.number, objects] as const]);
  return {
    revisions,
    objects: keepOnly(
      all,
      revisions.map(({ number }) => number),
    ),
  };
}

/** The history with the newest revision's state changed. */
export function withState(history: History, state: Revision['state']): History {
  const revisions = history.revisions.map((one, index) =>
    index === history.revisions.length - 1 ? { ...one, state } : one,
  );
  return { ...history, revisions };
}

function keepOnly<T>(map: ReadonlyMap<number, T>, numbers: readonly number[]): Map<number, T> {
  return new Map([...map].filter(([number]) => numbers.includes(number)));
}

/** A history as a parent's data. */
export interface PackedHistory {
  readonly data: Readonly<Record<string, string>>;
  /** Revisions whose objects did not fit. */
  readonly dropped: readonly number[];
}

/** Packs a history into at most `maxBytes`, the newest revisions first. */
export function packHistory(history: History, maxBytes = MAX_BYTES): PackedHistory {
  const revisions = Buffer.from(JSON.stringify(history.revisions));
  const numbers = [...history.objects.keys()].sort((a, b) => a - b);
  const dropped: number[] = [];
  for (;;) {
    const kept = numbers.filter((number) => !dropped.includes(number));
    const objects = packObjects(keepOnly(history.objects, kept));
    const oldest = kept[0];
    if (revisions.length + objects.length <= maxBytes || oldest === undefined) {
      const data = { [REVISIONS_KEY]: revisions.toString('base64'), [OBJECTS_KEY]: objects.toString('base64') };
      return { data, dropped };
    }
    dropped.push(oldest);
  }
}

function packObjects(objects: ReadonlyMap<number, readonly KubeObject[]>): Buffer {
  const indices = new Map<string, number>();
  const members = Object.fromEntries(
    [...objects].map(([number, list]) => [
      number,
      list.map((object) => {
        const text = JSON.stringify(object);
        const index = indices.get(text) ?? indices.size;
        indices.set(text, index);
        return index;
      }),
    ]),
  );
  const archive = `{"members":${JSON.stringify(members)},"objects":[${[...indices.keys()].join(',')}]}`;
  // The window holds the whole archive, so that versions of an object that lie far apart are seen as alike.
  const params = { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_windowLog]: 24 };
  return zstdCompressSync(archive, { params });
}

/** Which revision a rollback of `history` puts back; undefined where there is none. */
export function revisionBefore(history: History): Revision | undefined {
  const current = history.revisions.at(-1);
  if (current === undefined) return undefined;
  // One rollback after another goes further back, instead of to and fro.
  const position = current.restores ?? current.number;
  return history.revisions.findLast(({ number, state }) => number < position && state === 'done');
}

/** The apply that a revision's objects come from: a rollback's are those of the revision that it put back. */
export function originOf({ number, restores }: Revision): number {
  return restores ?? number;
}
