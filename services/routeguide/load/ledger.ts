// The notes that a load has left, and whether those that the server acknowledged can still be read.
import type { Point, RouteNote } from '../../../proto/routeguide/v1/route_guide.ts';
import type { Calls } from '../client/calls.ts';

/** A note of the load: each has a point of its own, so that the server keeps it whatever comes after. */
interface Entry {
  readonly location: Point;
  readonly message: string;
}

/** What became of acknowledged notes. */
export interface LedgerResult {
  readonly written: number;
  readonly acknowledged: number;
  /** Read again at the end. */
  readonly found: number;
  /** The server answers, and does not have them any more. */
  readonly lost: number;
  /** The server did not answer until the deadline. */
  readonly unread: number;
  /** Some that are lost, with the number of the write. */
  readonly lostNotes: readonly string[];
}

/** Options of {@link Ledger.verify}. */
export interface VerifyOptions {
  readonly calls: Pick<Calls, 'routeChat'>;
  /** When nothing more is asked. */
  readonly signal: AbortSignal;
  /** Waits between two tries. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Streams at once. Default: 4. */
  readonly streams?: number;
}

const BATCH = 50;
const RETRY_MS = 500;
const SHOWN_LOST = 10;
const MAX_LATITUDE_E7 = 900_000_000;
const MIN_LONGITUDE_E7 = -1_800_000_000;

const keyOf = ({ location, message }: RouteNote) => `${location?.latitudeE7}:${location?.longitudeE7}:${message}`;

/** Notes of one run: their latitude is the run's, and the longitude is the number of the write. */
export class Ledger {
  readonly #run: string;
  readonly #latitudeE7: number;
  readonly #acknowledged: Entry[] = [];
  #written = 0;

  /** `random` decides the latitude: two runs on one store do not meet. */
  constructor(run: string, random: () => number) {
    this.#run = run;
    this.#latitudeE7 = Math.floor((random() * 2 - 1) * MAX_LATITUDE_E7);
  }

  /** The next note to leave. */
  next(): Entry {
    const index = this.#written++;
    return {
      location: { latitudeE7: this.#latitudeE7, longitudeE7: MIN_LONGITUDE_E7 + index },
      message: `write ${index} of ${this.#run}`,
    };
  }

  /** The server has said that it keeps `note`. */
  acknowledge(note: Entry): void {
    this.#acknowledged.push(note);
  }

  /** Reads every acknowledged note again, until the signal is aborted. */
  async verify({ calls, signal, sleep, streams = 4 }: VerifyOptions): Promise<LedgerResult> {
    const batches: (readonly Entry[])[] = [];
    for (let from = 0; from < this.#acknowledged.length; from += BATCH) {
      batches.push(this.#acknowledged.slice(from, from + BATCH));
    }
    const lost: string[] = [];
    let found = 0;
    const worker = async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        const seen = await this.#read(batch, { calls, signal, sleep });
        if (seen === undefined) return;
        for (const note of batch) {
          if (seen.has(keyOf(note))) found += 1;
          else lost.push(note.message);
        }
      }
    };
    await Promise.all(Array.from({ length: streams }, worker));
    return {
      written: this.#written,
      acknowledged: this.#acknowledged.length,
      found,
      lost: lost.length,
      unread: this.#acknowledged.length - found - lost.length,
      lostNotes: lost.slice(0, SHOWN_LOST),
    };
  }

  /** The notes that are at the places of a batch: they come as the answer to further ones. */
  async #read(
    batch: readonly Entry[],
    { calls, signal, sleep }: VerifyOptions,
  ): Promise<ReadonlySet<string> | undefined> {
    while (!signal.aborted) {
      try {
        const earlier = await calls.routeChat(batch.map(({ location }) => ({ location, message: 'read again' })));
        return new Set(earlier.map(keyOf));
      } catch {
        // What just failed over may need a while: the deadline ends this, and what is left counts as unread.
        await sleep(RETRY_MS);
      }
    }
    return undefined;
  }
}
