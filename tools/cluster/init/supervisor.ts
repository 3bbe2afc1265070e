// Keeps processes running: starts each after those it needs, and again, with growing pauses, when it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../lib/errors.ts';
import { withoutProxy } from '../../lib/proxy.ts';
import { isolatedCommand, openLog, stopProcess } from './process.ts';
import { untilReady } from './ready.ts';
import type { ServiceSpec, ServiceStatus } from './spec.ts';

const STABLE_MS = 30_000;
const POLL_MS = 50;
/** After how long a status that could not be told is told again. */
const RETELL_MS = 1000;

/** The pause before the n-th start in a row (n ≥ 1): 100 ms, doubled each time, at most 10 s. */
export function backoffMs(failuresInARow: number): number {
  return Math.min(10_000, 100 * 2 ** Math.min(failuresInARow - 1, 10));
}

/** Options of {@link Supervisor}. */
export interface SupervisorOptions {
  readonly logFolder: string;
  /** Called whenever a service's status changes. */
  readonly onStatus: (statuses: readonly ServiceStatus[]) => void;
  /** Called after each start, before the service counts as running (the switch plugs in links here). */
  readonly onStart?: (service: ServiceSpec, pid: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** One service that is kept running until its own signal says otherwise. */
interface Tracked {
  readonly spec: ServiceSpec;
  status: ServiceStatus;
  readonly stop: AbortController;
  /** Resolves when it has ended for good. */
  ended: Promise<void>;
}

/** Runs the services that it was last told to, until the signal is aborted. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #tracked: readonly Tracked[] = [];
  /** What is being ended, and starts no more. */
  readonly #leaving = new Set<Promise<void>>();
  /** Set while the last status could not be told. */
  #untold: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /**
   * Takes over a list of services: those that are new start, those that are missing end, and those whose spec changed
   * end and start anew. The others are left alone.
   */
  update(services: readonly ServiceSpec[]): void {
    const known = new Map(this.#tracked.map((tracked) => [tracked.spec.name, tracked]));
    const kept = (spec: ServiceSpec) => {
      const tracked = known.get(spec.name);
      return tracked !== undefined && JSON.stringify(tracked.spec) === JSON.stringify(spec) ? tracked : undefined;
    };
    const next = services.map((spec) => kept(spec) ?? this.#track(spec));
    const fresh = next.filter((tracked) => !this.#tracked.includes(tracked));
    for (const tracked of this.#tracked) if (!next.includes(tracked)) this.#end(tracked);
    this.#tracked = next;
    for (const tracked of fresh) {
      const before = known.get(tracked.spec.name)?.ended;
      tracked.ended = this.#keep(tracked, before).catch((error: unknown) => {
        process.stderr.write(`${tracked.spec.name}: ${String(error)}\n`);
      });
    }
    this.#tell();
  }

  /** Resolves when the signal is aborted and all services have ended. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await Promise.all([...this.#tracked.map(({ ended }) => ended), ...this.#leaving]);
  }

  #track(spec: ServiceSpec): Tracked {
    const status: ServiceStatus = { name: spec.name, state: 'waiting', failures: 0 };
    return { spec, status, stop: new AbortController(), ended: Promise.resolve() };
  }

  #end(tracked: Tracked): void {
    tracked.stop.abort();
    const left = tracked.ended.finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  async #keep(tracked: Tracked, before: Promise<void> | undefined): Promise<void> {
    // Two of one name would be in each other's way: they share ports, folders and links.
    await before;
    if (tracked.spec.suspended === true) return this.#set(tracked, { state: 'suspended' });
    const signal = AbortSignal.any([this.#options.signal, tracked.stop.signal]);
    let inARow = 0;
    while (!signal.aborted) {
      if (!(await this.#awaitPredecessors(tracked.spec, signal))) break;
      const startedMs = performance.now();
      // What can't be started (a full disk, no memory) may be startable later, as what ended may be.
      const exit = await this.#runOnce(tracked, signal).catch((error: unknown) => errorText(error));
      if (signal.aborted) break;
      if (tracked.spec.task === true && exit === 'code 0') return this.#set(tracked, { state: 'done' });
      inARow = performance.now() - startedMs > STABLE_MS ? 1 : inARow + 1;
      const failures = tracked.status.failures + 1;
      this.#set(tracked, { state: 'backoff', failures, failuresInARow: inARow, lastExit: exit });
      await sleep(backoffMs(inARow), undefined, { signal }).catch(() => undefined);
    }
    this.#set(tracked, { state: 'stopped' });
  }

  async #awaitPredecessors({ after = [], awaits }: ServiceSpec, signal: AbortSignal): Promise<boolean> {
    const isReadyNow = (name: string) => {
      const state = this.#tracked.find((other) => other.spec.name === name)?.status.state;
      return state === 'ready' || state === 'done';
    };
    while (!after.every(isReadyNow)) {
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
    }
    return awaits === undefined || untilReady(awaits, () => signal.aborted);
  }

  /** Starts the process and resolves with how it ended. */
  async #runOnce(tracked: Tracked, signal: AbortSignal): Promise<string> {
    const { spec } = tracked;
    const { logFolder } = this.#options;
    const [file = '', ...args] = isolatedCommand(spec);
    const log = openLog(join(logFolder, `${spec.name}.log`));
    const env = { ...(spec.proxied === true ? process.env : withoutProxy(process.env)), ...spec.env };
    let child: ChildProcess;
    try {
      child = spawn(file, args, { stdio: ['ignore', log, log], env, cwd: '/' });
    } finally {
      closeSync(log);
    }
    let ended = false;
    const exit = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, name) => resolve(code === null ? `signal ${name}` : `code ${code}`));
    }).finally(() => (ended = true));
    const stop = () => void stopProcess(child, spec, exit);
    signal.addEventListener('abort', stop, { once: true });
    if (child.pid !== undefined) {
      this.#set(tracked, { state: 'running', pid: child.pid });
      void this.#untilReady(tracked, { pid: child.pid, hasEnded: () => ended }).catch((error: unknown) => {
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
    { pid, hasEnded }: { readonly pid: number; readonly hasEnded: () => boolean },
  ): Promise<void> {
    await this.#options.onStart?.(tracked.spec, pid);
    if (tracked.spec.task === true) return;
    const { ready } = tracked.spec;
    if (ready !== undefined) await untilReady(ready, hasEnded);
    if (!hasEnded()) this.#set(tracked, { state: 'ready' });
  }

  #set(tracked: Tracked, change: Partial<ServiceStatus>): void {
    tracked.status = { ...tracked.status, ...change };
    this.#tell();
  }

  /** A status that can't be written, as the disk is full, is no reason to keep nothing running: it is told later. */
  #tell(): void {
    const wasUntold = this.#untold !== undefined;
    clearTimeout(this.#untold);
    this.#untold = undefined;
    try {
      this.#options.onStatus(this.#tracked.map((each) => each.status));
    } catch (error) {
      if (!wasUntold) process.stderr.write(`telling the status: ${errorText(error)}\n`);
      this.#untold = setTimeout(() => this.#tell(), RETELL_MS).unref();
    }
  }
}
