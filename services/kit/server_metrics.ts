// Metrics of the calls that a server answers, by the names that dashboards for gRPC servers know.
import { callCounts } from './call_counts.ts';
import type { Metrics } from './metrics.ts';
import type { CallObserver } from './observed_call.ts';

/** Adds the metrics of a server to `metrics`; returns what keeps them. */
export function serverMetrics(metrics: Metrics): CallObserver {
  const counts = callCounts(metrics, 'server');
  return {
    begin(call) {
      counts.begin(call.method);
      return undefined;
    },
    end(call, { code }) {
      counts.end(call.method, code, call.tookMs / 1000);
    },
  };
}
