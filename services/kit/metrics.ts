// Numbers about this process for Prometheus: https://prometheus.io/docs/concepts/metric_types/.
import { Counter, collectDefaultMetrics, Gauge, Histogram, type MetricObject, Registry } from 'prom-client';

export { Counter, Gauge, Histogram };

/** The metrics of a process. A service adds its own: `new Counter({ name, help, registers: [metrics] })`. */
export type Metrics = Registry;

/** Bounds of the histograms of calls, in seconds: finer where most calls are. */
export const CALL_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/**
 * An empty set of metrics with those of node: CPU, memory, garbage collection, event loop lag, open handles. They begin
 * with `process_` and `nodejs_`.
 */
export function createMetrics(): Metrics {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: 10 });
  return metrics;
}

/** The names of all metrics of `metrics`, sorted. */
export async function metricNames(metrics: Metrics): Promise<readonly string[]> {
  const all: MetricObject[] = await metrics.getMetricsAsJSON();
  return all.map(({ name }) => name).toSorted();
}
