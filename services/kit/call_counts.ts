// Counts of calls by method and code. They are kept in plain fields and told when Prometheus asks: a labelled counter
// looks its labels up each time, which a busy server would pay for with every call.
import { CallHistogram, type Series } from './call_histogram.ts';
import { CALL_BUCKETS, Counter, Gauge, type Metrics } from './metrics.ts';
import type { Method } from './method.ts';
import { codeName, type Status } from './status.ts';

const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
type MethodLabels = Readonly<Record<(typeof METHOD_LABELS)[number], string>>;
type CodeLabels = MethodLabels & { readonly grpc_code: string };

interface MethodCounts {
  readonly labels: MethodLabels;
  started: number;
  inFlight: number;
  readonly ended: Map<Status['code'], { readonly labels: CodeLabels; readonly seconds: Series; count: number }>;
}

/** What is told of calls. */
export interface CallCounts {
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
    const made = { labels, started: 0, inFlight: 0, ended: new Map() };
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
  return {
    begin(method) {
      const counts = countsOf(method);
      counts.started += 1;
      counts.inFlight += 1;
    },
    end(method, code, took) {
      const counts = countsOf(method);
      counts.inFlight -= 1;
      let ended = counts.ended.get(code);
      if (ended === undefined) {
        const labels = { ...counts.labels, grpc_code: codeName(code) };
        ended = { labels, seconds: histogram.series(labels), count: 0 };
        counts.ended.set(code, ended);
      }
      ended.count += 1;
      ended.seconds.observe(took);
    },
  };
}
