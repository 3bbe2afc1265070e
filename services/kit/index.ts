// What services use to be a good process: settings, logs, metrics, a gRPC server and its calls, start and stop.
export { CallContext, CallEndedError, currentCall, runInCall } from './call_context.ts';
export { createClient, targetOf } from './client.ts';
export type { ClientClass, CreateClientOptions } from './client.ts';
export { ConfigError, readConfig } from './config.ts';
export type { Config, Environment, Setting, Settings } from './config.ts';
export { DEFAULT_DEADLINES } from './deadlines.ts';
export type { Deadlines } from './deadlines.ts';
export { LIVENESS, startGrpcServer } from './grpc_server.ts';
export type { GrpcServer, GrpcServerOptions } from './grpc_server.ts';
export { implementation, runGrpcService } from './grpc_service.ts';
export type { GrpcServiceContext, GrpcServiceOptions, GrpcServiceParts, Implementation } from './grpc_service.ts';
export { GRPC_SETTINGS } from './grpc_settings.ts';
export type { GrpcConfig } from './grpc_settings.ts';
export { createHandlers } from './handlers.ts';
export type { HandlerOptions, Handlers } from './handlers.ts';
export { createLogger, LOG_LEVELS } from './log.ts';
export type { Logger, LoggerOptions } from './log.ts';
export type { Method, MethodType } from './method.ts';
export { CALL_BUCKETS, Counter, createMetrics, Gauge, Histogram } from './metrics.ts';
export type { Metrics } from './metrics.ts';
export { startMetricsServer } from './metrics_server.ts';
export type { MetricsServer, MetricsServerOptions } from './metrics_server.ts';
export { loadShedding } from './load_shedding.ts';
export type { LoadSheddingOptions } from './load_shedding.ts';
export type { CallObserver } from './observed_call.ts';
export { quotas } from './quotas.ts';
export type { QuotaOptions } from './quotas.ts';
export { addReflection } from './reflection.ts';
export { exhausted } from './retry_info.ts';
export { Secret } from './secret.ts';
export { runService, stopDeadlineOf } from './service.ts';
export type { ServiceContext, ServiceOptions } from './service.ts';
export type { Hedging } from './service_config.ts';
export {
  address,
  addressText,
  decimal,
  flag,
  metadataKey,
  oneOf,
  optional,
  secret,
  text,
  url,
  wholeNumber,
} from './settings.ts';
export type { Address } from './settings.ts';
export { CLIENT_TLS_SETTINGS, clientCredentials, SERVER_TLS_SETTINGS, serverCredentials } from './tls.ts';
export { startTracing, TRACE_SETTINGS } from './tracing.ts';
export type { Tracing, TracingOptions } from './tracing.ts';
export { codeName, StatusError } from './status.ts';
export type { Status } from './status.ts';
