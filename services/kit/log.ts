// Structured logs: one JSON object a line on stdout, as log collectors read them.
import { pino, stdTimeFunctions, type Logger } from 'pino';
import { currentCall } from './call_context.ts';
import { type LogDestination, turnDestination } from './log_destination.ts';

export type { Logger };

/** The levels that LOG_LEVEL may name. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** The service's Kubernetes name: the `service` of every line. */
  readonly service: string;
  /** Lines below it are dropped. Default: info. */
  readonly level?: (typeof LOG_LEVELS)[number] | 'silent';
  /** Where lines go. Default: stdout, see log_destination.ts. */
  readonly destination?: LogDestination;
}

let stdout: LogDestination | undefined;

/**
 * A logger whose lines carry `level` (a word), `time` (RFC 3339) and `service`, and while a call is handled also
 * `requestId` and, where the call is in a trace, `traceId`.
 */
export function createLogger(options: LoggerOptions): Logger {
  // One for all loggers of the process: each would write at exit, in an order of its own.
  const destination = options.destination ?? (stdout ??= turnDestination(1));
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const call = currentCall();
        if (call === undefined) return {};
        const { requestId, trace } = call;
        return trace === undefined ? { requestId } : { requestId, traceId: trace.traceId };
      },
    },
    destination,
  );
}
