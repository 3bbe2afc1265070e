// The route guide itself: points, areas, routes and notes. It knows neither gRPC nor Redis.

/** A place, in degrees times 10 000 000. */
export interface Point {
  readonly latitudeE7: number;
  readonly longitudeE7: number;
}

/** A point with a name. */
export interface Feature {
  readonly name: string;
  readonly location: Point;
}

/** A few words left at a point. */
export interface Note {
  readonly location: Point;
  readonly message: string;
}

/** An area, its edges included. */
export interface Area {
  readonly south: number;
  readonly north: number;
  readonly west: number;
  readonly east: number;
}

/** What a route amounts to. */
export interface RouteSummary {
  readonly pointCount: number;
  readonly featureCount: number;
  readonly distanceMeters: number;
  readonly elapsedSeconds: number;
}

/** What a store may know of the call for which it is asked. */
export interface StoreCall {
  /** Until when there is somebody who waits, as Date counts. Default: a while. */
  readonly deadlineMs?: number;
  /** Aborted when the caller has gone. */
  readonly signal?: AbortSignal;
}

/** Where features and notes are kept. */
export interface Store {
  getFeature(point: Point, call?: StoreCall): Promise<Feature | undefined>;
  /** Features within `area`, from south to north. */
  listFeatures(area: Area, call?: StoreCall): AsyncIterable<Feature>;
  /** Keeps `note`; returns the notes that were there before it, oldest first. */
  addNote(note: Note, call?: StoreCall): Promise<readonly Note[]>;
}

/** A request that can't be answered whatever the state of the server. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
}

export const MAX_MESSAGE_LENGTH = 1000;

const MAX_LATITUDE_E7 = 900_000_000;
const MAX_LONGITUDE_E7 = 1_800_000_000;
const EARTH_RADIUS_METERS = 6_371_000;

/** `point` if it is set and on the globe; throws InvalidRequestError that names `field` if not. */
export function checkPoint(point: Point | undefined, field: string): Point {
  if (point === undefined) throw new InvalidRequestError(`${field} must be set`);
  const { latitudeE7, longitudeE7 } = point;
  if (Math.abs(latitudeE7) > MAX_LATITUDE_E7 || Math.abs(longitudeE7) > MAX_LONGITUDE_E7) {
    throw new InvalidRequestError(`${field} must lie on the globe, got ${latitudeE7}, ${longitudeE7}`);
  }
  return { latitudeE7, longitudeE7 };
}

/** The area between two corners, whichever two they are. */
export function areaBetween(low: Point | undefined, high: Point | undefined): Area {
  const a = checkPoint(low, 'area.low');
  const b = checkPoint(high, 'area.high');
  return {
    south: Math.min(a.latitudeE7, b.latitudeE7),
    north: Math.max(a.latitudeE7, b.latitudeE7),
    west: Math.min(a.longitudeE7, b.longitudeE7),
    east: Math.max(a.longitudeE7, b.longitudeE7),
  };
}

/** Whether `point` lies in `area` or on its edge. */
export function contains(area: Area, { latitudeE7, longitudeE7 }: Point): boolean {
  return latitudeE7 >= area.south && latitudeE7 <= area.north && longitudeE7 >= area.west && longitudeE7 <= area.east;
}

/** What callers are told of a feature: these fields, whatever else a store keeps beside them. */
export function toldFeature(feature: Feature): Feature {
  return { name: feature.name, location: feature.location };
}

/** A note that may be kept; throws InvalidRequestError if it may not. */
export function checkNote(note: { location: Point | undefined; message: string } | undefined): Note {
  if (note === undefined) throw new InvalidRequestError('note must be set');
  if (note.message.length > MAX_MESSAGE_LENGTH) {
    throw new InvalidRequestError(
      `note.message must have at most ${MAX_MESSAGE_LENGTH} characters, got ${note.message.length}`,
    );
  }
  return { location: checkPoint(note.location, 'note.location'), message: note.message };
}

/** The great circle between two points, in meters (haversine formula on a sphere). */
export function distanceMeters(from: Point, to: Point): number {
  const radians = (e7: number) => (e7 / 1e7) * (Math.PI / 180);
  const dLatitude = radians(to.latitudeE7 - from.latitudeE7);
  const dLongitude = radians(to.longitudeE7 - from.longitudeE7);
  const h =
    Math.sin(dLatitude / 2) ** 2 +
    Math.cos(radians(from.latitudeE7)) * Math.cos(radians(to.latitudeE7)) * Math.sin(dLongitude / 2) ** 2;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Sums up the points of one route as they arrive. */
export class RouteRecorder {
  readonly #nowMs: () => number;
  #last: Point | undefined;
  #firstMs = 0;
  #lastMs = 0;
  #pointCount = 0;
  #featureCount = 0;
  #meters = 0;

  /** `nowMs` is a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(point: Point, hasFeature: boolean): void {
    this.#lastMs = this.#nowMs();
    if (this.#last === undefined) this.#firstMs = this.#lastMs;
    else this.#meters += distanceMeters(this.#last, point);
    this.#last = point;
    this.#pointCount += 1;
    if (hasFeature) this.#featureCount += 1;
  }

  summary(): RouteSummary {
    return {
      pointCount: this.#pointCount,
      featureCount: this.#featureCount,
      distanceMeters: Math.round(this.#meters),
      elapsedSeconds: Math.round((this.#lastMs - this.#firstMs) / 1000),
    };
  }
}
