// Metrics of the calls that a server answers: how many, how they end, how long they take, how many at this moment.
// Their names and labels are those that dashboards for gRPC servers know.
import type { CallContext } from './call_context.ts';
import { CALL_BUCKETS, Counter, Gauge, Histogram, type Metrics } from './metrics.ts';
import type { MethodType } from './method.ts';
import type { CallObserver } from './observed_call.ts';
import { codeName } from './status.ts';

/** Adds the metrics of a server to `metrics`; returns what keeps them. */
export function serverMetrics(metrics: Metrics): CallObserver {
  const registers = [metrics];
  const method = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
  const labelsOf = ({ method: { type, service, name } }: CallContext) => ({
    grpc_type: type,
    grpc_service: service,
    grpc_method: name,
  });
  const started = new Counter({
    name: 'grpc_server_started_total',
    help: 'Calls that have begun.',
    labelNames: method,
    registers,
  });
  const handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls that have ended, by the code of their status.',
    labelNames: [...method, 'grpc_code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'How long calls took, from their headers to their status.',
    labelNames: [...method, 'grpc_code'],
    buckets: [...CALL_BUCKETS],
    registers,
  });
  const inFlight: Record<MethodType, number> = { unary: 0, client_stream: 0, server_stream: 0, bidi_stream: 0 };
  new Gauge({
    name: 'grpc_server_in_flight',
    help: 'Calls that are being handled.',
    labelNames: ['grpc_type'],
    registers,
    collect() {
      for (const [type, count] of Object.entries(inFlight)) this.set({ grpc_type: type }, count);
    },
  });
  return {
    begin(call) {
      inFlight[call.method.type] += 1;
      started.inc(labelsOf(call));
      return undefined;
    },
    end(call, { code }) {
      inFlight[call.method.type] -= 1;
      const labels = { ...labelsOf(call), grpc_code: codeName(code) };
      handled.inc(labels);
      seconds.observe(labels, (performance.now() - call.startMs) / 1000);
    },
  };
}
