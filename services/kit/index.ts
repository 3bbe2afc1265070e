// What services use to be a good process: settings, logs, a gRPC server with health, start and stop.
export { address, addressText, ConfigError, oneOf, readConfig, text, wholeNumber } from './config.ts';
export type { Address, Config, Setting } from './config.ts';
export { LIVENESS, startGrpcServer } from './grpc_server.ts';
export type { GrpcServer, GrpcServerOptions } from './grpc_server.ts';
export { createLogger, LOG_LEVELS } from './log.ts';
export type { Logger, LoggerOptions } from './log.ts';
export { addReflection } from './reflection.ts';
export { runService } from './service.ts';
export type { ServiceContext, ServiceOptions } from './service.ts';
