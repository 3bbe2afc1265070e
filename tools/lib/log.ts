// Everything that a person reads while a tool works goes to stderr through this module; stdout is for results.
import { redact } from './redact.ts';

/** Where log lines go; `progress` lines may be thinned out by the caller, others may not. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Milliseconds as a person reads them: `80 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms - minutes * 60_000) / 1000)} s`;
}

/** Bytes as a person reads them, in powers of 1000: `512 B`, `30.6 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** A log that writes redacted lines to `write` (default: stderr). */
export function createLog(write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const line = (prefix: string) => (message: string) => write(`${prefix}${redact(message)}\n`);
  return { info: line(''), warn: line('warning: '), error: line('error: ') };
}

/** Options of {@link step}. */
export interface StepOptions {
  readonly log: Log;
  /** How often a line says that the step still runs, in milliseconds. Default: 10 000. */
  readonly everyMs?: number;
  /** What more to say in these lines, such as how far it is. Default: nothing. */
  readonly detail?: () => string;
}

/** Runs `work`, and says what began, that it still runs, and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>, options: StepOptions): Promise<T> {
  const startMs = performance.now();
  const elapsed = () => formatDuration(performance.now() - startMs);
  options.log.info(`${what} …`);
  const timer = setInterval(() => {
    const detail = options.detail?.() ?? '';
    options.log.info(`${what} … ${detail === '' ? '' : `${detail}, `}${elapsed()}`);
  }, options.everyMs ?? 10_000);
  try {
    const result = await work();
    options.log.info(`${what}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
