// Keeps processes running: starts each after those it needs, and again, with growing pauses, when it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceSpec, ServiceStatus } from './spec.ts';
import { isReady } from './ready.ts';

const MAX_LOG_BYTES = 32 << 20;
const STABLE_MS = 30_000;
const POLL_MS = 50;
const STOP_MS = 3000;

/** The pause before the n-th start in a row (n ≥ 1): 100 ms, doubled each time, at most 10 s. */
export function backoffMs(failuresInARow: number): number {
  return Math.min(10_000, 100 * 2 ** Math.min(failuresInARow - 1, 10));
}

/** A service's command, wrapped so that it gets namespaces of its own and dies with its init. */
export function isolatedCommand(spec: Pick<ServiceSpec, 'command' | 'isolate'>): readonly string[] {
  if (spec.isolate === undefined || spec.isolate.length === 0) return spec.command;
  const flags = spec.isolate.map((namespace) => `--${namespace}`);
  const fork = spec.isolate.includes('pid') ? ['--fork', '--kill-child'] : [];
  return ['unshare', ...flags, ...fork, '--', ...spec.command];
}

/** Options of {@link Supervisor}. */
export interface SupervisorOptions {
  readonly services: readonly ServiceSpec[];
  readonly logFolder: string;
  /** Called whenever a service's status changes. */
  readonly onStatus: (statuses: readonly ServiceStatus[]) => void;
  /** Called after each start, before the service counts as running (the switch plugs in links here). */
  readonly onStart?: (service: ServiceSpec, pid: number) => Promise<void>;
  readonly signal: AbortSignal;
}

interface Tracked {
  readonly spec: ServiceSpec;
  status: ServiceStatus;
  child?: ChildProcess;
}

/** Runs its services until the signal is aborted. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #tracked: readonly Tracked[];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#tracked = options.services.map((spec) => ({
      spec,
      status: { name: spec.name, state: 'waiting', failures: 0 },
    }));
  }

  /** Resolves when the signal is aborted and all services have ended. */
  async run(): Promise<void> {
    await Promise.all(this.#tracked.map((tracked) => this.#keep(tracked)));
  }

  async #keep(tracked: Tracked): Promise<void> {
    const { signal } = this.#options;
    let inARow = 0;
    while (!signal.aborted) {
      if (!(await this.#awaitPredecessors(tracked.spec))) break;
      const startedMs = performance.now();
      const exit = await this.#runOnce(tracked);
      if (signal.aborted) break;
      if (tracked.spec.task === true && exit === 'code 0') return this.#set(tracked, { state: 'done' });
      inARow = performance.now() - startedMs > STABLE_MS ? 1 : inARow + 1;
      this.#set(tracked, { state: 'backoff', failures: tracked.status.failures + 1, lastExit: exit });
      await sleep(backoffMs(inARow), undefined, { signal }).catch(() => undefined);
    }
    this.#set(tracked, { state: 'stopped' });
  }

  async #awaitPredecessors(spec: ServiceSpec): Promise<boolean> {
    const names = spec.after ?? [];
    const isReadyNow = (name: string) => {
      const state = this.#tracked.find((other) => other.spec.name === name)?.status.state;
      return state === 'ready' || state === 'done';
    };
    const { awaits } = spec;
    while (!names.every(isReadyNow) || (awaits !== undefined && !(await isReady(awaits)))) {
      await sleep(POLL_MS, undefined, { signal: this.#options.signal }).catch(() => undefined);
      if (this.#options.signal.aborted) return false;
    }
    return true;
  }

  /** Starts the process and resolves with how it ended. */
  async #runOnce(tracked: Tracked): Promise<string> {
    const { spec } = tracked;
    const { signal, logFolder, onStart } = this.#options;
    const [file = '', ...args] = isolatedCommand(spec);
    const log = openLog(join(logFolder, `${spec.name}.log`));
    const child = spawn(file, args, { stdio: ['ignore', log, log], env: { ...process.env, ...spec.env }, cwd: '/' });
    closeSync(log);
    tracked.child = child;
    let ended = false;
    const exit = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, name) => resolve(code === null ? `signal ${name}` : `code ${code}`));
    }).finally(() => (ended = true));
    const stop = () => void stopProcess(child, spec, exit);
    signal.addEventListener('abort', stop, { once: true });
    if (child.pid !== undefined) {
      this.#set(tracked, { state: 'running', pid: child.pid });
      void this.#untilReady(tracked, child.pid, onStart, () => ended).catch((error: unknown) => {
        process.stderr.write(`${spec.name}: ${String(error)}\n`);
        child.kill('SIGKILL');
      });
    }
    const how = await exit;
    signal.removeEventListener('abort', stop);
    return how;
  }

  async #untilReady(
    tracked: Tracked,
    pid: number,
    onStart: SupervisorOptions['onStart'],
    hasEnded: () => boolean,
  ): Promise<void> {
    await onStart?.(tracked.spec, pid);
    if (tracked.spec.task === true) return;
    const ready = tracked.spec.ready;
    while (ready !== undefined && !hasEnded() && !(await isReady(ready))) await sleep(POLL_MS);
    if (!hasEnded()) this.#set(tracked, { state: 'ready' });
  }

  #set(tracked: Tracked, change: Partial<ServiceStatus>): void {
    tracked.status = { ...tracked.status, ...change };
    this.#options.onStatus(this.#tracked.map((each) => each.status));
  }
}

/** Asks a process to end, and ends it after a while. An isolated one is asked through the first process inside. */
async function stopProcess(child: ChildProcess, spec: ServiceSpec, exit: Promise<string>): Promise<void> {
  const inner = spec.isolate?.includes('pid') === true ? firstChild(child.pid) : undefined;
  try {
    if (inner === undefined) child.kill('SIGTERM');
    else process.kill(inner, 'SIGTERM');
  } catch {
    // It ended meanwhile.
  }
  const late = new AbortController();
  await Promise.race([exit, sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  child.kill('SIGKILL');
}

function firstChild(pid: number | undefined): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** Opens a log for appending; one that grew too long becomes `<path>.1` first. */
function openLog(path: string): number {
  try {
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(path, 'a', 0o600);
}
