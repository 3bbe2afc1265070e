// Figures of a load in a scenario, and whether they are what is aimed at. Pure.
import type { LoadResult } from '../../services/routeguide/load/load.ts';
import { measurementOf } from '../lib/compare.ts';
import type { Measurement } from '../lib/result.ts';

/** What a scenario is expected to cost, at most. */
export interface Aim {
  readonly failedCalls?: number;
  readonly gapMs?: number;
  readonly lostWrites?: number;
}

/** What a scenario cost. */
export interface Figures {
  readonly event: string;
  readonly calls: number;
  readonly failedCalls: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Failed calls of all, in percent. */
  readonly errorPercent: number;
  /** The longest time without a success, of the method for which it was longest. */
  readonly longestGapMs: number;
  /** From the first to the last call that failed, of the method for which it was longest. */
  readonly failingMs: number;
  readonly latencyMs: LoadResult['latencyMs'];
  readonly writes: Omit<LoadResult['writes'], 'lostNotes'>;
  readonly begunPerSecond: number;
}

/** The figures of a load. */
export function figuresOf(event: string, load: LoadResult): Figures {
  const methods = Object.values(load.methods);
  const most = (of: (method: (typeof methods)[number]) => number) => Math.max(0, ...methods.map(of));
  const failedCalls = load.calls - load.ok;
  const { lostNotes: _, ...writes } = load.writes;
  return {
    event,
    calls: load.calls,
    failedCalls,
    failed: load.failed,
    errorPercent: load.calls === 0 ? 100 : Math.round((failedCalls / load.calls) * 100_000) / 1000,
    longestGapMs: most(({ longestGapMs }) => longestGapMs),
    failingMs: most(({ failingMs }) => failingMs),
    latencyMs: load.latencyMs,
    writes,
    begunPerSecond: load.begunPerSecond,
  };
}

/**
 * What is missed of an aim, as sentences. A gap is both: no success of a method at all, and calls that fail for as long
 * while others, of keys elsewhere, succeed.
 */
export function missed(aim: Aim, figures: Figures): readonly string[] {
  const { failedCalls, writes } = figures;
  const gapMs = Math.max(figures.longestGapMs, figures.failingMs);
  return [
    ...(aim.failedCalls !== undefined && failedCalls > aim.failedCalls
      ? [`${failedCalls} calls failed, and ${aim.failedCalls} may`]
      : []),
    ...(aim.gapMs !== undefined && gapMs > aim.gapMs
      ? [`calls failed for ${gapMs} ms, and ${aim.gapMs} is the limit`]
      : []),
    ...(aim.lostWrites !== undefined && writes.lost > aim.lostWrites
      ? [`${writes.lost} acknowledged writes are lost, and ${aim.lostWrites} may be`]
      : []),
    // Nothing is known of a write that could not be read.
    ...(aim.lostWrites !== undefined && writes.unread > 0
      ? [`${writes.unread} acknowledged writes could not be read`]
      : []),
    ...(writes.acknowledged === 0 ? ['no write was acknowledged'] : []),
  ];
}

/** What a scenario cost, as benchmarks keep it. */
export function measurementsOf(name: string, aim: Aim, figures: Figures): readonly Measurement[] {
  const { event, failedCalls, calls, longestGapMs, failingMs, latencyMs, writes } = figures;
  const limit = (value: number | undefined) => (value === undefined ? {} : { aim: value });
  const seconds = aim.gapMs === undefined ? undefined : aim.gapMs / 1000;
  return [
    measurementOf([failedCalls], {
      ...{ name: `${name}: calls that failed`, unit: 'count', ...limit(aim.failedCalls) },
      note: `of ${calls}; ${event}`,
    }),
    measurementOf([Math.max(longestGapMs, failingMs) / 1000], {
      ...{ name: `${name}: how long calls of a method failed, or none succeeded`, unit: 's', ...limit(seconds) },
    }),
    measurementOf([latencyMs.p99 / 1000], { name: `${name}: 99th percentile of a call`, unit: 's' }),
    measurementOf([writes.lost + writes.unread], {
      ...{ name: `${name}: acknowledged writes that were not found`, unit: 'count', ...limit(aim.lostWrites) },
      note: `of ${writes.acknowledged}`,
    }),
  ];
}
