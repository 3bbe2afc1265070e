// Structured logs: one JSON object a line on stdout, as log collectors read them.
import { pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger };

/** The levels that LOG_LEVEL may name. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** The service's Kubernetes name: the `service` of every line. */
  readonly service: string;
  /** Lines below it are dropped. Default: info. */
  readonly level?: (typeof LOG_LEVELS)[number] | 'silent';
  /** Where lines go. Default: stdout, written at once, so that a crash loses none. */
  readonly destination?: { write(line: string): void };
}

/** A logger whose lines carry `level` (a word), `time` (RFC 3339) and `service`. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
