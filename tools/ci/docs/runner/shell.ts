// The terminal of a page: commands one after the other, each in the folder and with the variables that those before left.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a command ended. */
export interface Ended {
  /** Stdout and stderr, as they came. */
  readonly output: string;
  readonly exit: number;
  /** Whether it was ended because it took too long. */
  readonly late: boolean;
}

/** Options of {@link openShell}. */
export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** How long one command may take. Default: 15 minutes. */
  readonly timeoutMs?: number;
}

/** What runs commands until it is closed. */
export interface Shell {
  run(command: string): Promise<Ended>;
  /** Starts what serves until somebody stops it; returns once it has printed something. */
  start(command: string): Promise<Ended>;
  close(): Promise<void>;
}

/** A program gets this long to end by itself after SIGINT. */
const GRACE_MS = 20_000;
const POLL_MS = 50;

/** Opens the terminal of a page. */
export async function openShell(options: ShellOptions): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-page-'));
  const state = join(folder, 'state');
  await writeFile(state, `cd '${options.cwd}'\n`);
  const started: Running[] = [];
  return {
    async run(command) {
      const script = `. '${state}'\n${command}\nended=$?\n{ export -p; printf 'cd "%s"\\n' "$PWD"; } > '${state}'\nexit $ended\n`;
      return finish(begin(script, options), options);
    },
    async start(command) {
      const running = begin(`. '${state}'\nexec ${command}\n`, options);
      started.push(running);
      const end = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
      while (running.output() === '' && running.exit() === undefined && Date.now() < end)
        await sleep(POLL_MS, undefined, { signal: options.signal });
      return { output: running.output(), exit: running.exit() ?? 0, late: Date.now() >= end };
    },
    async close() {
      await Promise.all(started.map(stop));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const TIMEOUT_MS = 15 * 60_000;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  output(): string;
  exit(): number | undefined;
}

function begin(script: string, { env }: ShellOptions): Running {
  // A group of its own, so that what a command has started ends with it.
  const child = spawn('bash', ['-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  let exit: number | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      output += error.message;
      exit = 127;
      resolve();
    });
    child.on('close', (code, signal) => {
      exit = code ?? (signal === null ? 1 : 128);
      resolve();
    });
  });
  return { child, ended, output: () => output, exit: () => exit };
}

async function finish(running: Running, { signal, timeoutMs = TIMEOUT_MS }: ShellOptions): Promise<Ended> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const stopped = new Promise<boolean>((resolve) => deadline.addEventListener('abort', () => resolve(true)));
  const late = await Promise.race([running.ended.then(() => false), stopped]);
  if (late || signal.aborted) await stop(running);
  signal.throwIfAborted();
  return { output: running.output(), exit: running.exit() ?? 1, late };
}

/** SIGINT, as of a terminal; then the end of all that is left. */
async function stop({ child, ended, exit }: Running): Promise<void> {
  kill(child, 'SIGINT');
  await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
  if (exit() === undefined) kill(child, 'SIGKILL');
  await ended;
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
