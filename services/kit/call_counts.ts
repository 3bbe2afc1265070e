// Counts of calls by method and code. They are kept in plain fields and told when Prometheus asks: a labelled counter
// looks its labels up each time, which a busy server would pay for with every call.
import { status } from '@grpc/grpc-js';
import { CallHistogram, type Series } from './call_histogram.ts';
import { CALL_BUCKETS, Counter, Gauge, type Metrics } from './metrics.ts';
import type { Method } from './method.ts';
import { CODES, codeName, type Status } from './status.ts';

const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
type MethodLabels = Readonly<Record<(typeof METHOD_LABELS)[number], string>>;
type CodeLabels = MethodLabels & { readonly grpc_code: string };

interface MethodCounts {
  readonly labels: MethodLabels;
  started: number;
  inFlight: number;
  readonly ended: Map<Status['code'], EndedCounts>;
}

interface EndedCounts {
  readonly labels: CodeLabels;
  /** Of failures it is made with the first: it is many series. */
  seconds: Series | undefined;
  count: number;
}

/** What is told of calls. */
export interface CallCounts {
  /**
   * Tells of the calls of a method from now on, by every code, and of the time of those that are answered, though there
   * are none yet. Prometheus takes no rate of a counter that begins with its first calls: errors that come all at once
   * between two scrapes would never be seen.
   */
  expect(method: Method): void;
  begin(method: Method): void;
  end(method: Method, code: Status['code'], seconds: number): void;
}

/**
 * Adds counters, a histogram and a gauge of calls to `metrics`, whose names begin with `grpc_<side>_`; returns what
 * feeds them.
 */
export function callCounts(metrics: Metrics, side: 'server' | 'client'): CallCounts {
  const registers = [metrics];
  const methods = new Map<Method, MethodCounts>();
  const countsOf = (method: Method): MethodCounts => {
    const found = methods.get(method);
    if (found !== undefined) return found;
    const labels = { grpc_type: method.type, grpc_service: method.service, grpc_method: method.name };
    const made: MethodCounts = { labels, started: 0, inFlight: 0, ended: new Map() };
    methods.set(method, made);
    return made;
  };
  new Counter({
    name: `grpc_${side}_started_total`,
    help: 'Calls that have begun. A client counts a call once, however often it is repeated.',
    labelNames: METHOD_LABELS,
    registers,
    collect() {
      this.reset();
      for (const { labels, started } of methods.values()) this.inc(labels, started);
    },
  });
  new Counter({
    name: `grpc_${side}_handled_total`,
    help: 'Calls that have ended, by the code of their status.',
    labelNames: [...METHOD_LABELS, 'grpc_code'],
    registers,
    collect() {
      this.reset();
      for (const { ended } of methods.values()) {
        for (const { labels, count } of ended.values()) this.inc(labels, count);
      }
    },
  });
  new Gauge({
    name: `grpc_${side}_in_flight`,
    help: 'Calls that have begun and not ended.',
    labelNames: METHOD_LABELS,
    registers,
    collect() {
      for (const { labels, inFlight } of methods.values()) this.set(labels, inFlight);
    },
  });
  const histogram = new CallHistogram({
    name: `grpc_${side}_handling_seconds`,
    help: 'How long calls took. Those of a client include their retries.',
    labelNames: [...METHOD_LABELS, 'grpc_code'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const endedOf = ({ labels, ended }: MethodCounts, code: Status['code']): EndedCounts => {
    const found = ended.get(code);
    if (found !== undefined) return found;
    const made = { labels: { ...labels, grpc_code: codeName(code) }, seconds: undefined, count: 0 };
    ended.set(code, made);
    return made;
  };
  return {
    expect(method) {
      const counts = countsOf(method);
      for (const code of CODES) endedOf(counts, code);
      const answered = endedOf(counts, status.OK);
      answered.seconds ??= histogram.series(answered.labels);
    },
    begin(method) {
      const counts = countsOf(method);
      counts.started += 1;
      counts.inFlight += 1;
    },
    end(method, code, took) {
      const counts = countsOf(method);
      counts.inFlight -= 1;
      const ended = endedOf(counts, code);
      ended.seconds ??= histogram.series(ended.labels);
      ended.count += 1;
      ended.seconds.observe(took);
    },
  };
}
