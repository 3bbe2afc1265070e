// Structured logs: one JSON object a line on stdout, as log collectors read them.
import { pino, type Logger } from 'pino';
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

let lastMs = 0;
let lastField = '';

/** The field of the time, made once for all lines of a millisecond. */
function timeField(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastField = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return lastField;
}

let stdout: LogDestination | undefined;

/**
 * A logger whose lines carry `level` (a word), `time` (RFC 3339) and `service`, and while a call is handled also
 * `requestId` and, where the call is in a trace, `traceId`.
 */
export function createLogger(options: LoggerOptions): Logger {
  // One for all loggers of the process: each would write at exit, in an order of its own.
  const destination = options.destination ?? (stdout ??= turnDestination(1));
  const log = pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: timeField,
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
  const service = JSON.stringify(options.service);
  rawLines.set(log, (level, fields) => {
    if (log.isLevelEnabled(level)) {
      destination.write(`{"level":"${level}"${timeField()},"service":${service},${fields}}\n`);
    }
  });
  return log;
}

/** Writes a line whose fields are JSON already. */
export type RawLine = (level: (typeof LOG_LEVELS)[number], fields: string) => void;

const rawLines = new WeakMap<Logger, RawLine>();

/**
 * What writes lines of `log` from fields that are JSON already, for the one line that each call leaves: it is a third
 * of the cost. A logger with fields of its own, a child, has none.
 */
export function rawLineOf(log: Logger): RawLine | undefined {
  return rawLines.get(log);
}
