// A daemon for the time of a benchmark, with folders of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTS_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 20_000;

/** Options of {@link startDaemon}. */
export interface DaemonOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where its output goes. */
  readonly log: string;
  /** Resolves once it answers; rejects before. */
  readonly isUp: () => Promise<unknown>;
  readonly signal: AbortSignal;
}

/** Starts a daemon and waits until it answers; it ends, by its pid, with its scope. */
export async function startDaemon(options: DaemonOptions): Promise<AsyncDisposable> {
  const log = await open(options.log, 'w');
  const child = spawn(options.program, [...options.args], {
    env: options.env ?? process.env,
    stdio: ['ignore', log.fd, log.fd],
  });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  await log.close();
  const daemon = { [Symbol.asyncDispose]: () => end(child) };
  const untilMs = performance.now() + STARTS_WITHIN_MS;
  for (;;) {
    try {
      await options.isUp();
      return daemon;
    } catch (cause) {
      const hasEnded = child.exitCode !== null || child.pid === undefined;
      if (hasEnded || performance.now() > untilMs || options.signal.aborted) {
        await daemon[Symbol.asyncDispose]();
        options.signal.throwIfAborted();
        const said = child.pid === undefined ? String(await failed) : await readFile(options.log, 'utf8');
        throw new Error(`${options.program} does not start:\n${said.slice(-3000)}`, { cause });
      }
      await sleep(50);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
  await ended;
  clearTimeout(late);
}
