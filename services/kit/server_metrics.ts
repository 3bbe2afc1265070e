// Metrics of the calls that a server answers, by the names that dashboards for gRPC servers know.
import { callCounts } from './call_counts.ts';
import type { Method } from './method.ts';
import type { Metrics } from './metrics.ts';
import type { CallObserver } from './observed_call.ts';

/** What keeps the metrics of a server. */
export interface ServerMetrics extends CallObserver {
  /** Tells of methods before they are called. */
  expect(methods: Iterable<Method>): void;
}

/**
 * Adds the metrics of a server to `metrics`; returns what keeps them. Probes are left out: where a few calls fail of
 * a few, a probe every few seconds would make the share of errors a small one.
 */
export function serverMetrics(metrics: Metrics): ServerMetrics {
  const counts = callCounts(metrics, 'server');
  return {
    expect(methods) {
      for (const method of methods) if (!method.internal) counts.expect(method);
    },
    begin({ method }) {
      if (!method.internal) counts.begin(method);
      return undefined;
    },
    end({ method, tookMs }, { code }) {
      if (!method.internal) counts.end(method, code, tookMs / 1000);
    },
  };
}
