// The life of a service's process: settings, start, signal, drain, exit.
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, ConfigError, type Environment, readConfig, type Settings } from './config.ts';
import { createLogger, LOG_LEVELS, type Logger } from './log.ts';
import { oneOf } from './settings.ts';

/** The settings of every process. */
export const PROCESS_SETTINGS = { logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info') };

/** What a service's start function gets. */
export interface ServiceContext<S extends Settings> {
  readonly config: Config<S>;
  readonly log: Logger;
  /** Aborted at SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Options of {@link runService}. */
export interface ServiceOptions<S extends Settings> {
  /** The Kubernetes name. */
  readonly name: string;
  readonly settings: S;
  /** Starts the service, and returns how to stop it: finish what runs, then close what is open. */
  readonly start: (context: ServiceContext<S>) => Promise<() => Promise<void>>;
  /**
   * After how long a stop is given up (exit code 1), in milliseconds; settings may decide it. Default: 25 000, below
   * Kubernetes' 30 s.
   */
  readonly stopDeadlineMs?: number | ((config: Config<S>) => number);
  /** Default: that of the process. */
  readonly env?: Environment;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const STOP_DEADLINE_MS = 25_000;
const AFTER_DRAIN_MS = 10_000;

/** A deadline for a stop that drains first, for `drainMs` at most: it has ten seconds for the rest, in milliseconds. */
export function stopDeadlineOf(drainMs: number): number {
  return Math.max(STOP_DEADLINE_MS, drainMs + AFTER_DRAIN_MS);
}

/**
 * Runs a service until SIGTERM or SIGINT. Exit code: 0 after a clean stop; 1 where settings are wrong, the start
 * failed, or the stop took too long. A second signal ends the process at once.
 */
export async function runService<S extends Settings>(options: ServiceOptions<S>): Promise<never> {
  const env = options.env ?? process.env;
  const controller = new AbortController();
  const stopped = new Promise<string>((resolve) => {
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(1);
        controller.abort(new Error(name));
        resolve(name);
      });
    }
  });
  let log = createLogger({ service: options.name });
  try {
    // All in one go, so that all problems are told at once.
    const config = readConfig({ ...PROCESS_SETTINGS, ...options.settings }, env);
    log = createLogger({ service: options.name, level: readConfig(PROCESS_SETTINGS, env).logLevel });
    const stop = await options.start({ config, log, signal: controller.signal });
    const reason = await stopped;
    const { stopDeadlineMs = STOP_DEADLINE_MS } = options;
    const deadlineMs = typeof stopDeadlineMs === 'function' ? stopDeadlineMs(config) : stopDeadlineMs;
    log.info({ reason, deadlineMs }, 'stopping');
    const inTime = await Promise.race([stop().then(() => true), delay(deadlineMs, false)]);
    if (!inTime) log.error({ deadlineMs }, 'stopping took too long');
    else log.info('stopped');
    process.exit(inTime ? 0 : 1);
  } catch (error) {
    if (error instanceof ConfigError) log.fatal({ problems: error.problems }, 'settings are wrong');
    else log.fatal({ err: error }, 'failed');
    process.exit(1);
  }
}
