// A store in memory, which can be made to fail: for tests of what stands on a store.
import { type Area, contains, type Feature, type Note, type Point, type Store } from '../routeguide.ts';

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  readonly features?: readonly Feature[];
  /** What every method throws while it is set. Default: nothing. */
  readonly failure?: () => Error | undefined;
}

/** Keeps features and notes for as long as it lives. */
export function createMemoryStore({ features = [], failure }: MemoryStoreOptions): Store {
  const notes: Note[] = [];
  const check = () => {
    const error = failure?.();
    if (error !== undefined) throw error;
  };
  const isAt = (a: Point, b: Point) => a.latitudeE7 === b.latitudeE7 && a.longitudeE7 === b.longitudeE7;
  return {
    async getFeature(point) {
      check();
      return features.find((feature) => isAt(feature.location, point));
    },
    async *listFeatures(area: Area) {
      check();
      yield* features.filter((feature) => contains(area, feature.location));
    },
    async addNote(note) {
      check();
      const earlier = notes.filter((other) => isAt(other.location, note.location));
      notes.push(note);
      return earlier;
    },
  };
}
