// One round of the client: every kind of call once, and what came of it as log lines.
import type { Point, Rectangle, RouteNote } from '../../../proto/routeguide/v1/route_guide.ts';
import type { Logger } from '../../kit/index.ts';
import type { Calls } from './calls.ts';

/** What a round asks for. */
export interface Itinerary {
  /** Asked one by one, and taken as a route from first to last. */
  readonly places: readonly Point[];
  readonly area: Rectangle;
}

/** Five places of the server's data set, and one where there is nothing. */
export const NEW_JERSEY: Itinerary = {
  places: [
    { latitudeE7: 391_594_848, longitudeE7: -748_206_869 }, // Laurel Bakery
    { latitudeE7: 396_313_404, longitudeE7: -750_150_637 }, // Egret Boardwalk
    { latitudeE7: 400_785_203, longitudeE7: -746_033_912 }, // Sandbar Bird Hide
    { latitudeE7: 404_988_505, longitudeE7: -746_256_821 }, // Nightjar Mill Pond
    { latitudeE7: 409_041_203, longitudeE7: -747_192_206 }, // Amber Overlook
    { latitudeE7: 400_000_000, longitudeE7: -740_000_000 },
  ],
  area: {
    low: { latitudeE7: 390_000_000, longitudeE7: -756_000_000 },
    high: { latitudeE7: 414_000_000, longitudeE7: -739_000_000 },
  },
};

/** Options of {@link runRound}. */
export interface RoundOptions {
  readonly calls: Calls;
  readonly log: Logger;
  /** The number of this round; notes carry it. */
  readonly round: number;
  /** Default: {@link NEW_JERSEY}. */
  readonly itinerary?: Itinerary;
}

/** Makes the four kinds of call in turn and logs each answer; rejects with the first error. */
export async function runRound(options: RoundOptions): Promise<void> {
  const { calls, round, itinerary = NEW_JERSEY } = options;
  const log = options.log.child({ round });
  for (const location of itinerary.places) {
    const feature = await calls.getFeature(location);
    log.info({ call: 'GetFeature', location, feature: feature?.name ?? null }, 'feature');
  }
  const features = await calls.listFeatures(itinerary.area);
  const names = features.slice(0, 3).map((feature) => feature.name);
  log.info({ call: 'ListFeatures', count: features.length, first: names }, 'features');

  const summary = await calls.recordRoute(itinerary.places);
  log.info({ call: 'RecordRoute', ...summary }, 'route');

  const notes = itinerary.places
    .slice(0, 3)
    .map((location, index): RouteNote => ({ location, message: `note ${index + 1} of round ${round}` }));
  const earlier = await calls.routeChat(notes);
  log.info(
    { call: 'RouteChat', sent: notes.length, received: earlier.length, latest: earlier.at(-1)?.message ?? null },
    'notes',
  );
}
