// Metrics of the calls that a process makes, by the names that dashboards for gRPC clients know.
import { CALL_BUCKETS, Counter, Gauge, Histogram, type Metrics } from './metrics.ts';
import type { Method } from './method.ts';
import { codeName, type Status } from './status.ts';

/** What is told of calls that this process makes. */
export interface ClientMetrics {
  begin(method: Method): void;
  /** `seconds`: how long it took, its retries included. */
  end(method: Method, code: Status['code'], seconds: number): void;
}

const made = new WeakMap<Metrics, ClientMetrics>();

/** The metrics of clients in `metrics`, added when first asked for: all clients of a process share them. */
export function clientMetrics(metrics: Metrics): ClientMetrics {
  const found = made.get(metrics);
  if (found !== undefined) return found;
  const registers = [metrics];
  const labelNames = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
  const labelsOf = ({ type, service, name }: Method) => ({
    grpc_type: type,
    grpc_service: service,
    grpc_method: name,
  });
  const started = new Counter({
    name: 'grpc_client_started_total',
    help: 'Calls that have been made, each counted once however often it is repeated.',
    labelNames,
    registers,
  });
  const handled = new Counter({
    name: 'grpc_client_handled_total',
    help: 'Calls that have ended, by the code of their status.',
    labelNames: [...labelNames, 'grpc_code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'grpc_client_handling_seconds',
    help: 'How long calls took, their retries included.',
    labelNames: [...labelNames, 'grpc_code'],
    buckets: [...CALL_BUCKETS],
    registers,
  });
  const inFlight = new Gauge({
    name: 'grpc_client_in_flight',
    help: 'Calls that have been made and are not over.',
    labelNames,
    registers,
  });
  const kept: ClientMetrics = {
    begin(method) {
      started.inc(labelsOf(method));
      inFlight.inc(labelsOf(method));
    },
    end(method, code, took) {
      const labels = labelsOf(method);
      inFlight.dec(labels);
      handled.inc({ ...labels, grpc_code: codeName(code) });
      seconds.observe({ ...labels, grpc_code: codeName(code) }, took);
    },
  };
  made.set(metrics, kept);
  return kept;
}
