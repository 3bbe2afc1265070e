// What came of the calls of a load: latencies, statuses, and the longest time without a success, by method.
import { build, type Histogram } from 'hdr-histogram-js';
import { METHODS, type Method } from './mix.ts';

/** Latencies in milliseconds, from when a call was due. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What came of the calls of one method, or of all. */
export interface Summary {
  readonly calls: number;
  readonly ok: number;
  /** Failed calls by the name of their status. */
  readonly failed: Readonly<Record<string, number>>;
  /** From the first to the last call that failed, by when they were due; 0 where none or one did. */
  readonly failingMs: number;
  /** Of successful calls. */
  readonly latencyMs: Latencies;
  /** The longest time in which no call succeeded, from the first call's begin to the last one's end. */
  readonly longestGapMs: number;
}

/** A failed call. */
export interface Failure {
  /** When it was due, since the load began. */
  readonly atMs: number;
  readonly method: Method;
  readonly status: string;
  readonly details: string;
}

/** Failures of each status that are kept one by one: the first say most about what went wrong. */
const MAX_FAILURES = 5;
const MAX_DETAILS = 200;
const MICROS_PER_MS = 1000;

interface Row {
  readonly histogram: Histogram;
  readonly failed: Map<string, number>;
  calls: number;
  ok: number;
  lastSuccessMs: number;
  longestGapMs: number;
  firstFailureMs: number;
  lastFailureMs: number;
}

/** Records the calls of one load; all times are of one clock. */
export class Recorder {
  readonly #startMs: number;
  readonly #rows: Readonly<Record<Method | 'all', Row>>;
  readonly #failures: Failure[] = [];

  constructor(startMs: number) {
    this.#startMs = startMs;
    const row = (): Row => ({
      histogram: build({ numberOfSignificantValueDigits: 3 }),
      failed: new Map(),
      ...{ calls: 0, ok: 0, lastSuccessMs: startMs, longestGapMs: 0 },
      ...{ firstFailureMs: Infinity, lastFailureMs: -Infinity },
    });
    this.#rows = { GetFeature: row(), ListFeatures: row(), RecordRoute: row(), RouteChat: row(), all: row() };
  }

  /** A call that was due at `dueMs` has succeeded at `endMs`. */
  succeeded(method: Method, dueMs: number, endMs: number): void {
    for (const row of [this.#rows[method], this.#rows.all]) {
      row.calls += 1;
      row.ok += 1;
      row.histogram.recordValue(Math.max(0, Math.round((endMs - dueMs) * MICROS_PER_MS)));
      row.longestGapMs = Math.max(row.longestGapMs, endMs - row.lastSuccessMs);
      row.lastSuccessMs = endMs;
    }
  }

  /** A call that was due at `dueMs` has failed. */
  failed(method: Method, dueMs: number, problem: { readonly status: string; readonly details: string }): void {
    const { status, details } = problem;
    for (const row of [this.#rows[method], this.#rows.all]) {
      row.calls += 1;
      row.failed.set(status, (row.failed.get(status) ?? 0) + 1);
      row.firstFailureMs = Math.min(row.firstFailureMs, dueMs);
      row.lastFailureMs = Math.max(row.lastFailureMs, dueMs);
    }
    if ((this.#rows.all.failed.get(status) ?? 0) > MAX_FAILURES) return;
    const atMs = Math.round(dueMs - this.#startMs);
    this.#failures.push({ atMs, method, status, details: details.slice(0, MAX_DETAILS) });
  }

  /** What is known at `endMs`, when the last call has ended. */
  summary(endMs: number): {
    readonly all: Summary;
    readonly methods: Readonly<Partial<Record<Method, Summary>>>;
    readonly failures: readonly Failure[];
  } {
    const called = METHODS.filter((method) => this.#rows[method].calls > 0);
    return {
      all: summaryOf(this.#rows.all, endMs),
      methods: Object.fromEntries(called.map((method) => [method, summaryOf(this.#rows[method], endMs)])),
      failures: this.#failures,
    };
  }
}

function summaryOf(row: Row, endMs: number): Summary {
  const at = (percentile: number) => toMs(row.histogram.getValueAtPercentile(percentile));
  return {
    calls: row.calls,
    ok: row.ok,
    failed: Object.fromEntries([...row.failed].toSorted(([a], [b]) => a.localeCompare(b))),
    failingMs: Math.max(0, Math.round(row.lastFailureMs - row.firstFailureMs)) || 0,
    latencyMs: { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: toMs(row.histogram.maxValue) },
    longestGapMs: Math.round(Math.max(row.longestGapMs, endMs - row.lastSuccessMs)),
  };
}

const toMs = (micros: number) => Math.round(micros / 10) / 100;
