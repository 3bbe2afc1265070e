// The settings that every gRPC service has. docs/kit.md lists them.
import { ACCESS_LOGS } from './access_log.ts';
import type { Config } from './config.ts';
import { DEFAULT_DEADLINES } from './deadlines.ts';
import { decimal, metadataKey, oneOf, optional, wholeNumber } from './settings.ts';
import { SERVER_TLS_SETTINGS } from './tls.ts';
import { TRACE_SETTINGS } from './tracing.ts';

const MAX_TIMER_MS = 2_147_483_647;

/** The table; a service's own settings stand beside these. */
export const GRPC_SETTINGS = {
  ...SERVER_TLS_SETTINGS,
  ...TRACE_SETTINGS,
  port: wholeNumber('PORT', { min: 0, max: 65_535, fallback: 50_051 }),
  metricsPort: wholeNumber('METRICS_PORT', { min: 0, max: 65_535, fallback: 9464 }),
  accessLog: oneOf('ACCESS_LOG', ACCESS_LOGS, 'all'),
  drainMs: wholeNumber('DRAIN_TIMEOUT_MS', { min: 0, max: 600_000, fallback: 15_000 }),
  unaryDefaultMs: wholeNumber('DEADLINE_MS', {
    min: 0,
    max: MAX_TIMER_MS,
    fallback: DEFAULT_DEADLINES.unaryDefaultMs,
  }),
  unaryMaxMs: wholeNumber('MAX_DEADLINE_MS', { min: 0, max: MAX_TIMER_MS, fallback: DEFAULT_DEADLINES.unaryMaxMs }),
  streamMaxMs: wholeNumber('MAX_STREAM_MS', { min: 0, max: MAX_TIMER_MS, fallback: DEFAULT_DEADLINES.streamMaxMs }),
  maxMessageBytes: wholeNumber('MAX_MESSAGE_BYTES', { min: 1, max: 1_073_741_824, fallback: 4_194_304 }),
  maxConcurrentStreams: wholeNumber('MAX_CONCURRENT_STREAMS', { min: 1, max: 1_000_000, fallback: 1000 }),
  maxConcurrency: wholeNumber('MAX_CONCURRENCY', { min: 0, max: 1_000_000, fallback: 1000 }),
  quotaPerSecond: decimal('QUOTA_PER_SECOND', { min: 0, max: 1_000_000, fallback: 0 }),
  quotaBurst: wholeNumber('QUOTA_BURST', { min: 1, max: 1_000_000, fallback: 100 }),
  quotaKey: optional(metadataKey('QUOTA_KEY')),
  maxConnectionAgeMs: wholeNumber('MAX_CONNECTION_AGE_MS', { min: 0, max: MAX_TIMER_MS, fallback: 300_000 }),
};

/** Their values. */
export type GrpcConfig = Config<typeof GRPC_SETTINGS>;
