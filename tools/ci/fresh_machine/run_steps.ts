// Runs the steps of a plan, and finds the mirror that it installs from.
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { type Log, formatDuration, step } from '../../lib/log.ts';
import { type Step, debianMirror } from './plan.ts';

/** One step after the other, whose output the user sees. Throws FRESH_START, FRESH_STEP. */
export async function runSteps(
  plan: readonly Step[],
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  for (const one of plan) await step(one.what, () => run(one, signal), { log, everyMs: 60_000 });
}

/** The mirror of this machine's apt sources. Throws FRESH_NO_MIRROR. */
export async function hostMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  // apt reads files with these endings alone.
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  const texts = await Promise.all(
    ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))].map((path) =>
      readFile(path, 'utf8').catch(() => ''),
    ),
  );
  const found = debianMirror(texts.join('\n'));
  if (found === undefined) {
    throw new ToolError('FRESH_NO_MIRROR', 'Finding a Debian mirror: the apt sources of this machine name none', {
      hint: 'Run it on a Debian, or add a source to /etc/apt/sources.list.d.',
    });
  }
  return found;
}

async function run(one: Step, signal: AbortSignal): Promise<void> {
  const [program, ...args] = one.command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: one.timeoutMs,
    signal,
    // unshare takes no other signal while its child runs; that child and all below it end with it.
    killSignal: 'SIGKILL',
  });
  let failure: unknown;
  child.on('error', (error) => (failure = error));
  // Also of a program that is told to end: until it has, it writes to the folder that is removed next.
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  signal.throwIfAborted();
  if (failure !== undefined) {
    throw new ToolError('FRESH_START', `${one.what}: starting ${program}`, {
      cause: failure,
      hint: 'Install debootstrap, git and util-linux, and run it as root.',
    });
  }
  if (status === 0) return;
  // Nothing but its deadline has killed it: an interruption was thrown above.
  if (child.killed) {
    throw new ToolError('FRESH_STEP', `${one.what}: not ended after ${formatDuration(one.timeoutMs)}`, {
      hint: 'Run it while the machine does nothing else, or with --cache.',
    });
  }
  throw new ToolError('FRESH_STEP', `${one.what}: ${status === null ? child.signalCode : `exit ${status}`}`, {
    hint: 'Its own output above says why.',
  });
}
