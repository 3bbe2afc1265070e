// A gRPC service as a process: twenty lines of a main.ts are enough, all else is here and has a default.
import { type Server, type ServiceDefinition, setLogger, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { accessLog } from './access_log.ts';
import type { Config, Environment, Settings } from './config.ts';
import { GRPC_SETTINGS, type GrpcConfig } from './grpc_settings.ts';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from './grpc_server.ts';
import { loadShedding } from './load_shedding.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type Method, methodOf, type MethodShape } from './method.ts';
import { startMetricsServer } from './metrics_server.ts';
import type { CallObserver } from './observed_call.ts';
import { quotas } from './quotas.ts';
import { addReflection } from './reflection.ts';
import { serverMetrics } from './server_metrics.ts';
import { runService, type ServiceContext, stopDeadlineOf } from './service.ts';
import { serverCredentials } from './tls.ts';
import { startTracing } from './tracing.ts';

/** A service and its handlers; made by {@link implementation}. */
export interface Implementation {
  /** `routeguide.v1.RouteGuide` */
  readonly serviceName: string;
  readonly methods: readonly Method[];
  readonly addTo: (server: Server) => void;
}

/** Pairs a service with its handlers. */
export function implementation<T extends UntypedServiceImplementation>(
  definition: ServiceDefinition<T>,
  handlers: T,
): Implementation {
  const methods = Object.values<MethodShape>(definition).map(methodOf);
  return {
    serviceName: methods[0]?.service ?? '',
    methods,
    addTo: (server) => server.addService(definition, handlers),
  };
}

/** What the start function of a gRPC service gets. */
export interface GrpcServiceContext<S extends Settings> extends ServiceContext<S> {
  readonly metrics: Metrics;
}

/** What a gRPC service consists of. */
export interface GrpcServiceParts {
  readonly services: readonly Implementation[];
  /** Called when the server listens: calls `setReady` from then on. Default: the service is ready at once. */
  readonly onListening?: (server: GrpcServer) => void;
  /** Called when the last call is over: closes what is open. */
  readonly close?: () => void | Promise<void>;
}

/** Options of {@link runGrpcService}. */
export interface GrpcServiceOptions<S extends Settings> {
  /** The Kubernetes name. */
  readonly name: string;
  /** Settings of the service's own; it has those of the kit in any case. */
  readonly settings: S;
  /** FileDescriptorSets for reflection: `descriptorSetBase64` of `x_descriptor.ts`. Default: no reflection. */
  readonly descriptorSets?: readonly string[];
  readonly start: (
    context: GrpcServiceContext<S & typeof GRPC_SETTINGS>,
  ) => Promise<GrpcServiceParts> | GrpcServiceParts;
  /** What the kit has no setting for, and where it differs from the settings. */
  readonly server?: Partial<Pick<GrpcServerOptions, 'host' | 'interceptors' | 'observers'>>;
  /** Default: that of the process. */
  readonly env?: Environment;
}

/** The options of the server that settings decide. */
function serverOptions(config: GrpcConfig) {
  const { port, unaryDefaultMs, unaryMaxMs, streamMaxMs } = config;
  const { maxMessageBytes, maxConcurrentStreams, maxConnectionAgeMs } = config;
  const deadlines = { unaryDefaultMs, unaryMaxMs, streamMaxMs };
  return { port, deadlines, maxMessageBytes, maxConcurrentStreams, maxConnectionAgeMs };
}

/** What refuses calls: who calls too often first, so that it takes nothing from the others. */
function limits(config: GrpcConfig, metrics: Metrics): CallObserver[] {
  const { maxConcurrency, quotaPerSecond, quotaBurst, quotaKey } = config;
  return [
    quotas({ perSecond: quotaPerSecond, burst: quotaBurst, metadataKey: quotaKey, metrics }),
    loadShedding({ maxConcurrency, metrics }),
  ];
}

/** Starts what the parts of a service are, and returns how to stop it. */
async function serve<S extends Settings>(
  options: GrpcServiceOptions<S>,
  context: ServiceContext<S & typeof GRPC_SETTINGS>,
): Promise<() => Promise<void>> {
  const { log } = context;
  // The table has been read with these settings in it; a generic intersection hides that from the compiler.
  const config = context.config as Config<S & typeof GRPC_SETTINGS> & GrpcConfig;
  // What grpc-js itself has to say is a line of the log like others.
  const tell = (...words: unknown[]) => log.warn({ words: words.map(String).join(' ') }, 'grpc-js');
  setLogger({ error: tell, info: tell, debug: tell });
  const metrics = createMetrics();
  const tracing = await startTracing({ service: options.name, config, log });
  const calls = serverMetrics(metrics);
  const observers = [
    // First, so that the log has the trace that it begins.
    ...(tracing === undefined ? [] : [tracing.observer]),
    calls,
    accessLog(log, config.accessLog),
    ...limits(config, metrics),
    ...(options.server?.observers ?? []),
  ];
  const parts = await options.start({ ...context, metrics });
  calls.expect(parts.services.flatMap(({ methods }) => methods));
  const credentials = serverCredentials(config, { log });
  let server: GrpcServer | undefined;
  const isReady = () => server?.isReady ?? false;
  const metricsServer = await startMetricsServer({ port: config.metricsPort, metrics, isReady, log });
  server = await startGrpcServer({
    ...serverOptions(config),
    ...options.server,
    ...(credentials === undefined ? {} : { credentials }),
    observers,
    serviceNames: parts.services.map(({ serviceName }) => serviceName),
    register: (grpc) => {
      for (const { addTo } of parts.services) addTo(grpc);
      const sets = options.descriptorSets ?? [];
      if (sets.length > 0) addReflection(grpc, ...sets);
    },
    log,
  });
  log.info({ port: server.port, metricsPort: metricsServer.port }, 'listening');
  if (parts.onListening === undefined) server.setReady(true);
  else parts.onListening(server);
  return async () => {
    await server.drain(config.drainMs);
    await parts.close?.();
    await tracing?.close();
    await metricsServer.close();
  };
}

/**
 * Runs a gRPC service until SIGTERM or SIGINT, with health checks, reflection, logs, metrics, deadlines, and a drain.
 * Exit codes are those of {@link runService}.
 */
export function runGrpcService<S extends Settings>(options: GrpcServiceOptions<S>): Promise<never> {
  return runService({
    name: options.name,
    settings: { ...GRPC_SETTINGS, ...options.settings },
    start: (context) => serve(options, context),
    stopDeadlineMs: (config) => stopDeadlineOf((config as typeof config & GrpcConfig).drainMs),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
}
