// Metrics of the calls that a process makes, by the names that dashboards for gRPC clients know.
import { type CallCounts, callCounts } from './call_counts.ts';
import type { Metrics } from './metrics.ts';

const made = new WeakMap<Metrics, CallCounts>();

/** What keeps the metrics of clients in `metrics`: all clients of a process share them. */
export function clientMetrics(metrics: Metrics): CallCounts {
  const found = made.get(metrics);
  if (found !== undefined) return found;
  const counts = callCounts(metrics, 'client');
  made.set(metrics, counts);
  return counts;
}
