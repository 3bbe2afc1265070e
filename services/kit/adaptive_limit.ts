// How many calls at a time a server can handle, found by how long they take: the algorithm "Gradient2" of
// https://github.com/Netflix/concurrency-limits (Apache-2.0), which follows the congestion control of TCP Vegas. While
// calls take as long as ever the limit grows by its square root; when they take longer, they wait for one another in
// here, and it shrinks by the ratio.

/** Options of {@link AdaptiveLimit}. */
export interface AdaptiveLimitOptions {
  /** Never less. Default: 20. */
  readonly min?: number;
  /** Never more. */
  readonly max: number;
  /** At first. Default: 100, or `max` where that is less. */
  readonly initial?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

// Calls may take this many times as long as usual before the limit shrinks.
const TOLERANCE = 2;
// How much of a new limit is taken over at once.
const SMOOTHING = 0.2;
// The usual time is an average over about this many windows.
const USUAL_WINDOWS = 60;
const WINDOW_MS = 100;
const WINDOW_SAMPLES = 10;

/** A limit that adapts. */
export class AdaptiveLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #nowMs: () => number;
  #limit: number;
  #inFlight = 0;
  #usualMs = 0;
  #windowStartMs: number;
  #windowSumMs = 0;
  #windowSamples = 0;
  #windowPeak = 0;

  constructor({ min = 20, max, initial = 100, nowMs = () => performance.now() }: AdaptiveLimitOptions) {
    this.#max = max;
    this.#min = Math.min(min, max);
    this.#limit = Math.min(Math.max(initial, this.#min), max);
    this.#nowMs = nowMs;
    this.#windowStartMs = nowMs();
  }

  /** How many calls may run at a time. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** How many do. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether one more may begin; if so it counts, until it is released. */
  acquire(): boolean {
    if (this.#inFlight >= this.limit) return false;
    this.#inFlight += 1;
    this.#windowPeak = Math.max(this.#windowPeak, this.#inFlight);
    return true;
  }

  /** A call is over. `tookMs`: how long it took; undefined where that says nothing, as of one that was cancelled. */
  release(tookMs: number | undefined): void {
    this.#inFlight -= 1;
    if (tookMs === undefined) return;
    this.#windowSumMs += tookMs;
    this.#windowSamples += 1;
    const nowMs = this.#nowMs();
    if (this.#windowSamples < WINDOW_SAMPLES || nowMs - this.#windowStartMs < WINDOW_MS) return;
    this.#adapt(this.#windowSumMs / this.#windowSamples);
    this.#windowStartMs = nowMs;
    this.#windowSumMs = 0;
    this.#windowSamples = 0;
    this.#windowPeak = this.#inFlight;
  }

  #adapt(windowMs: number): void {
    this.#usualMs = this.#usualMs === 0 ? windowMs : this.#usualMs + (windowMs - this.#usualMs) / USUAL_WINDOWS;
    // After a long overload the usual time is that of the overload: it comes down faster than it went up.
    if (this.#usualMs > 2 * windowMs) this.#usualMs *= 0.95;
    // A server with little to do learns nothing of its limit.
    if (this.#windowPeak < this.#limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * this.#usualMs) / windowMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    const smoothed = this.#limit * (1 - SMOOTHING) + wanted * SMOOTHING;
    this.#limit = Math.min(this.#max, Math.max(this.#min, smoothed));
  }
}
