// Traces by OpenTelemetry, sent by OTLP over HTTP. Its packages are loaded only where there is an endpoint: they take a
// third of a second. Without one, a trace that a caller is in is still passed on, and named in logs.
import type { SpanContext } from '@opentelemetry/api';
import type { Config } from './config.ts';
import type { CallContext } from './call_context.ts';
import type { Logger } from './log.ts';
import type { Method } from './method.ts';
import type { CallObserver } from './observed_call.ts';
import { decimal, optional, url } from './settings.ts';
import { status } from '@grpc/grpc-js';
import { codeName, SERVER_FAULTS, type Status } from './status.ts';
import type { TraceParent } from './trace_context.ts';
import { setClientSpans } from './trace_hooks.ts';

/** The settings of traces, with the names that OpenTelemetry gives them. */
export const TRACE_SETTINGS = {
  otlpEndpoint: optional(url('OTEL_EXPORTER_OTLP_ENDPOINT')),
  traceRatio: decimal('OTEL_TRACES_SAMPLER_ARG', { min: 0, max: 1, fallback: 1 }),
};

/** Options of {@link startTracing}. */
export interface TracingOptions {
  /** The service's name in traces. */
  readonly service: string;
  readonly config: Config<typeof TRACE_SETTINGS>;
  readonly log: Logger;
  /** How long spans wait for one another, in milliseconds. Default: 5000. */
  readonly delayMs?: number;
}

/** Tracing that is on. */
export interface Tracing {
  /** Begins and ends the spans of calls that are answered. It must come before those that refuse calls. */
  readonly observer: CallObserver;
  /** Sends what is left. */
  close(): Promise<void>;
}

const CLOSE_MS = 3000;
const EXPORT_MS = 10_000;

/** Starts tracing if the settings have an endpoint. One process has it once. */
export async function startTracing(options: TracingOptions): Promise<Tracing | undefined> {
  const { service, config, log, delayMs = 5000 } = options;
  const { otlpEndpoint, traceRatio } = config;
  if (otlpEndpoint === undefined) return undefined;
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({
    url: new URL('v1/traces', otlpEndpoint.href.endsWith('/') ? otlpEndpoint.href : `${otlpEndpoint.href}/`).href,
    timeoutMillis: EXPORT_MS,
  });
  const processor = new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: delayMs });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(traceRatio) }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('fathom-kit');
  log.info({ endpoint: otlpEndpoint.origin, ratio: traceRatio }, 'traces are sent');

  const contextOf = (parent: TraceParent | undefined) => {
    if (parent === undefined) return api.ROOT_CONTEXT;
    const { traceId, spanId, flags } = parent;
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags: flags, isRemote: true });
  };
  const traceOf = ({ traceId, spanId, traceFlags }: SpanContext): TraceParent => ({
    traceId,
    spanId,
    flags: traceFlags,
  });
  const begin = (method: Method, kind: number, parent: TraceParent | undefined) =>
    tracer.startSpan(
      method.path.slice(1),
      { kind, attributes: { 'rpc.system': 'grpc', 'rpc.service': method.service, 'rpc.method': method.name } },
      contextOf(parent),
    );
  const end = (span: ReturnType<typeof begin>, { code, details }: Status, isFault: boolean) => {
    span.setAttribute('rpc.grpc.status_code', code);
    if (isFault) span.setStatus({ code: api.SpanStatusCode.ERROR, message: details });
    span.end();
  };
  const spans = new WeakMap<CallContext, ReturnType<typeof begin>>();
  setClientSpans((method, parent) => {
    const span = begin(method, api.SpanKind.CLIENT, parent);
    return {
      trace: traceOf(span.spanContext()),
      end: (code) => end(span, { code, details: codeName(code) }, code !== status.OK),
    };
  });
  return {
    observer: {
      begin(call) {
        if (call.method.internal) return undefined;
        const span = begin(call.method, api.SpanKind.SERVER, call.trace);
        span.setAttribute('network.peer.address', call.address);
        span.setAttribute('request.id', call.requestId);
        spans.set(call, span);
        call.trace = traceOf(span.spanContext());
        return undefined;
      },
      end(call, ended) {
        const span = spans.get(call);
        if (span !== undefined) end(span, ended, SERVER_FAULTS.has(ended.code));
      },
    },
    async close() {
      setClientSpans(undefined);
      const timer = setTimeout(() => log.warn({ deadlineMs: CLOSE_MS }, 'the last spans are not sent'), CLOSE_MS);
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([
        provider.shutdown().catch((error: unknown) => log.warn({ err: error }, 'sending the last spans failed')),
        late,
      ]);
      clearTimeout(timer);
    },
  };
}
