// A service as a process, scraped once: what it exposes is what its metrics.txt says.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { checkMetricsFile } from './metrics_file.ts';

/** Options of {@link checkExposed}. */
export interface ScrapeOptions {
  /** The program: `process.env['MAIN_PROGRAM']` in a test that nodejs_service calls metrics_test. */
  readonly program: string | undefined;
  /** Settings that it must have. What it calls need not be there. */
  readonly env?: Readonly<Record<string, string>>;
  /** `new URL('metrics.txt', import.meta.url)` */
  readonly list: URL;
  /** Calls it, or waits until it has called others, so that the labels of calls are seen. */
  readonly call?: (port: number, metricsAddress: string) => Promise<unknown>;
  /** How long it may take to start, in milliseconds. Default: 30 seconds. */
  readonly startTimeoutMs?: number;
}

/** Starts a service, calls it, and compares what it exposes with the list. Throws METRICS_LIST_STALE. */
export async function checkExposed(options: ScrapeOptions): Promise<void> {
  const { program, list, call, startTimeoutMs = 30_000 } = options;
  if (program === undefined)
    throw new Error('there is no program: the test must be metrics_test.ts of a nodejs_service');
  const child = spawn(program, [], {
    env: { ...process.env, PORT: '0', METRICS_PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
  try {
    const { port, metricsPort } = await listening(child.stdout);
    clearTimeout(timer);
    const address = `http://127.0.0.1:${metricsPort}/metrics`;
    await call?.(port, address);
    const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    checkMetricsFile(list, await response.text());
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

/** The ports that the log tells of. */
async function listening(stdout: NodeJS.ReadableStream): Promise<{ port: number; metricsPort: number }> {
  for await (const line of createInterface({ input: stdout })) {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (entry['msg'] === 'listening') return { port: Number(entry['port']), metricsPort: Number(entry['metricsPort']) };
  }
  throw new Error('the service ended, or did not listen in time');
}
