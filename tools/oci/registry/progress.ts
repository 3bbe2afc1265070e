// How far a long transfer is: bytes, rate and blobs, now and then a line.
import { type Log, formatBytes, formatDuration } from '../../lib/log.ts';

/** A blob on its way. */
export interface Transfer {
  /** The bytes that are through; may go back after a fault. */
  moveTo(position: number): void;
  /** All of it is through. */
  end(): void;
}

export interface Progress extends Disposable {
  /** A transfer of so many bytes begins. */
  begin(size: number): Transfer;
  /** What went through since the start: `3 blobs, 12.3 MB in 2.1 s (5.9 MB/s)`. */
  summary(): string;
}

export interface ProgressOptions {
  readonly log: Log;
  /** What the lines begin with: `pushing to registry.example.com`. */
  readonly what: string;
  /** How often a line is written, in milliseconds. Default: 5000. */
  readonly everyMs?: number;
}

/** Starts writing lines; ends with its scope. Nothing is written while nothing is on its way. */
export function startProgress({ log, what, everyMs = 5000 }: ProgressOptions): Progress {
  const startMs = performance.now();
  let [begun, ended, totalBytes, doneBytes] = [0, 0, 0, 0];
  let last = { atMs: startMs, bytes: 0 };
  const timer = setInterval(() => {
    if (begun === ended) return;
    const now = { atMs: performance.now(), bytes: doneBytes };
    const rate = formatRate(now.bytes - last.bytes, now.atMs - last.atMs);
    last = now;
    log.info(`${what} … ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}, ${rate}, ${ended} of ${begun} blobs`);
  }, everyMs);
  timer.unref();
  return {
    begin: (size) => {
      begun += 1;
      totalBytes += size;
      let at = 0;
      const moveTo = (position: number) => {
        doneBytes += position - at;
        at = position;
      };
      return {
        moveTo,
        end: () => {
          moveTo(size);
          ended += 1;
        },
      };
    },
    summary: () => {
      const ms = performance.now() - startMs;
      const rate = formatRate(doneBytes, ms);
      return `${ended} blobs, ${formatBytes(doneBytes)} in ${formatDuration(ms)} (${rate})`;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function formatRate(bytes: number, ms: number): string {
  return `${formatBytes(Math.max(0, Math.round((bytes * 1000) / Math.max(1, ms))))}/s`;
}
