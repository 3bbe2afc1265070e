// Where the route guide's data is in a Redis Cluster. A part of the points shares a hash tag, and so a server, with all
// that is kept of them: `routeguide:{7}:feature:<point>` (JSON of one feature), `routeguide:{7}:notes:<point>` (list,
// oldest first), `routeguide:{7}:features` (the part's points, sorted by latitude), `routeguide:{7}:data-set` (digest
// of the features that were filled in). A point is `<latitude>:<longitude>`, both E7.
import type { Point } from './routeguide.ts';

/** How many parts there are. Another number is another place for nearly every key. */
export const PARTS = 16;

const PREFIX = 'routeguide:';

/** The keys of one part. */
export interface PartKeys {
  readonly index: string;
  readonly dataSet: string;
  /** What a point is appended to for the key of its feature. */
  readonly featurePrefix: string;
}

/** The keys of part `part`, counted from 0. */
export function partKeys(part: number): PartKeys {
  const prefix = `${PREFIX}{${part}}:`;
  return { index: `${prefix}features`, dataSet: `${prefix}data-set`, featurePrefix: `${prefix}feature:` };
}

/** The part that a point is in: neighbours are spread over all of them (FNV-1a of its text). */
export function partOf(point: Point): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(pointText(point))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % PARTS;
}

/** A point as keys and indexes have it. */
export function pointText({ latitudeE7, longitudeE7 }: Point): string {
  return `${latitudeE7}:${longitudeE7}`;
}

/** The point that {@link pointText} has written. */
export function parsePoint(text: string): Point {
  const [latitude, longitude] = text.split(':');
  return { latitudeE7: Number(latitude), longitudeE7: Number(longitude) };
}

/** The key under which the feature at `point` is kept. */
export function featureKey(point: Point): string {
  return `${partKeys(partOf(point)).featurePrefix}${pointText(point)}`;
}

/** The key under which the notes at `point` are kept. */
export function notesKey(point: Point): string {
  return `${PREFIX}{${partOf(point)}}:notes:${pointText(point)}`;
}
